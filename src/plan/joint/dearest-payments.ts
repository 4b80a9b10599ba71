/** Where values count, whoever is paid at once is paid where his amount is largest, as far as that leaves enough for the others. */
import { positionKey } from '../../inventory/venue.ts';
import { compareCodePoints } from '../../invoice/payable.ts';
import { addTo } from '../available.ts';
import { type Batch, type Draft, usedByDraft, usedByPayment } from './batch.ts';
import { moneyOf } from './score.ts';

/** The same demands, oldest first, each moved to the dearest of its places that is free for it. */
export function dearestPayments(batch: Batch, first: Draft['payments']): Draft['payments'] {
	const payments = new Map(first);
	const free = batch.network.free('kept');
	const used = usedByDraft(batch, { payments, plans: new Map() });
	for (const demand of batch.demands) {
		const payment = payments.get(demand.id);
		if (payment === undefined) continue;
		const { asset } = demand;
		const isFree = ({ venue, amount }: { venue: string; amount: bigint }): boolean => {
			const key = positionKey({ venue, asset });
			const own = venue === payment.venue ? payment.amount : 0n;
			return (free.get(key) ?? 0n) - (used.get(key) ?? 0n) + own >= amount;
		};
		const [dearest] = demand.destinations
			.filter(isFree)
			.map((place) => ({ place, value: moneyOf(batch, { ...place, asset }) }))
			.sort((a, b) => (a.value === b.value ? compareCodePoints(a.place.venue, b.place.venue) : a.value > b.value ? -1 : 1));
		if (dearest === undefined || dearest.place.venue === payment.venue) continue;
		const moved = { id: demand.id, ...dearest.place };
		addTo(used, new Map([...usedByPayment(demand, payment)].map(([key, units]) => [key, -units])));
		addTo(used, usedByPayment(demand, moved));
		payments.set(demand.id, moved);
	}
	return payments;
}
