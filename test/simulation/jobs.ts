/** Whatever the rows could call for: any step may be run again, early, late, and beside its own twin, as by a button of the board. */
import type { App } from '../../src/app.ts';
import { executeOnDemandRebalancing } from '../../src/on-demand.ts';
import type { Outcome } from '../../src/outcome.ts';
import { evaluateInvoice } from '../../src/steps/invoice/evaluate.ts';
import { claimHop } from '../../src/steps/leg/claim-hop.ts';
import { proveHop } from '../../src/steps/leg/prove-hop.ts';
import { sendHop } from '../../src/steps/leg/send-hop.ts';
import { settleEarmark } from '../../src/steps/settle/settle.ts';
import type { Outside } from './outside.ts';
import type { Memory } from './store/memory.ts';

export interface Step {
	readonly kind: 'evaluate' | 'plan' | 'send' | 'prove' | 'claim' | 'settle';
	readonly words: string;
	run(): Promise<Outcome>;
}

/** Names by which a story speaks of rows: they do not hang on ids. */
export function namesOf(memory: Memory, outside: Outside) {
	const invoiceOf = (demandId: string | undefined) => {
		const demand = memory.demands.find(({ id }) => id === demandId);
		return outside.invoices.find(({ id }) => id === demand?.externalId)?.name ?? '?';
	};
	const earmark = (id: string) => {
		const row = memory.earmarks.find((each) => each.id === id);
		const siblings = memory.earmarks.filter((each) => each.demandId === row?.demandId);
		return `earmark ${siblings.findIndex((each) => each.id === id) + 1} for ${invoiceOf(row?.demandId)}`;
	};
	const leg = (id: string, hop: number) => {
		const row = memory.legs.find((each) => each.id === id);
		const siblings = memory.legs.filter((each) => each.earmarkId === row?.earmarkId);
		siblings.sort((one, other) => one.createdAt.localeCompare(other.createdAt) || one.route.localeCompare(other.route));
		const part = hop === 0 ? '' : `hop ${hop + 1} of `;
		return `${part}leg ${siblings.findIndex((each) => each.id === id) + 1} of ${earmark(row?.earmarkId ?? '')}`;
	};
	return { invoice: (demandId: string) => `invoice ${invoiceOf(demandId)}`, earmark, leg };
}

/** Every step that the rows call for, those whose turn has not come included, planning last. */
export function possibleSteps(app: App, { memory, outside }: { memory: Memory; outside: Outside }): Step[] {
	const names = namesOf(memory, outside);
	const demands = memory.demands.filter(({ status }) => status === 'open' || status === 'earmarked');
	const hops = memory.hops.filter(({ status }) => status === 'planned' || status === 'sending' || status === 'in_flight');
	const hasOpenAllowance = (ownerIds: readonly string[]) =>
		memory.effects.some(
			({ kind, status, ownerId }) =>
				(kind === 'approve' || kind === 'reset') &&
				['intended', 'reserved', 'signed', 'tracking'].includes(status) &&
				ownerIds.includes(ownerId),
		);
	const earmarks = memory.earmarks.filter(
		({ id, status }) =>
			(status !== 'settled' && status !== 'cancelled') ||
			hasOpenAllowance([id, ...memory.legs.filter(({ earmarkId }) => earmarkId === id).map((leg) => leg.id)]),
	);
	return [
		...demands.map(({ id }): Step => ({ kind: 'evaluate', words: `evaluate ${names.invoice(id)}`, run: () => evaluateInvoice(app, id) })),
		...hops.map(({ legId, index, status, proof }): Step => {
			const place = { legId, hop: index };
			const kind = status !== 'in_flight' ? 'send' : proof === null ? 'prove' : 'claim';
			const runs = { send: () => sendHop(app, place), prove: () => proveHop(app, place), claim: () => claimHop(app, place) };
			return { kind, words: `${kind} ${names.leg(legId, index)}`, run: runs[kind] };
		}),
		...earmarks.map(({ id }): Step => ({ kind: 'settle', words: `settle ${names.earmark(id)}`, run: () => settleEarmark(app, id) })),
		{ kind: 'plan', words: 'plan', run: () => executeOnDemandRebalancing(app) },
	];
}
