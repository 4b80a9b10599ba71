/** What went through an exchange: its book is compared with what the chains have seen of it. */
import type { Hex } from 'viem';
import type { Movement } from './movements.ts';

/** Withdrawals that were paid; amounts at the exchange's own decimals. */
export interface ExchangeBook {
	readonly withdrawals: readonly {
		readonly tx: Hex;
		/** What left the account; the fee is a part of it. */
		readonly asked: bigint;
		readonly fee: bigint;
	}[];
	readonly decimals: number;
}

const SCALE = 18n;

/** Whatever came from the exchange is a withdrawal of its book, with the same amount, once; and never more was asked for than was brought there. */
export function checkExchange(movements: readonly Movement[], { withdrawals, decimals }: ExchangeBook): string[] {
	const arrived = movements.filter(({ is }) => is.kind === 'withdrawn');
	const problems = arrived.flatMap((each) => {
		const booked = withdrawals.filter(({ tx }) => tx === each.tx);
		const [one] = booked;
		const times = arrived.filter(({ tx }) => tx === each.tx).length;
		if (times > 1) return [`${each.chain}: ${each.tx} came from the exchange ${times} times`];
		if (one === undefined || booked.length > 1)
			return [`${each.chain}: ${each.tx} came from the exchange, and is ${booked.length} times in its book`];
		const net = scaled({ units: one.asked - one.fee, decimals });
		return net === scaled(each)
			? []
			: [`${each.chain}: ${each.tx} brought ${each.units}, and ${one.asked - one.fee} is in the exchange's book`];
	});
	const missing = withdrawals
		.filter(({ tx }) => !arrived.some((each) => each.tx === tx))
		.map(({ tx }) => `the exchange has paid ${tx}, which has not come`);
	const brought = movements.filter(({ is }) => is.kind === 'parked').reduce((sum, each) => sum + scaled(each), 0n);
	const asked = withdrawals.reduce((sum, each) => sum + scaled({ units: each.asked, decimals }), 0n);
	const tooMuch = asked > brought ? [`${asked} was withdrawn from the exchange, and ${brought} brought there`] : [];
	return [...problems, ...missing, ...tooMuch];
}

function scaled({ units, decimals }: { readonly units: bigint; readonly decimals: number }): bigint {
	return units * 10n ** (SCALE - BigInt(decimals));
}
