/** The job that each wake-up calls for. A topic of `src/store/outbox.ts` without one does not compile. */
import { earmarkFlow, type FlowHop } from '../queues/earmark-flow.ts';
import { earmarkSettlement } from '../queues/earmark-settlement.ts';
import { invoiceEvaluation } from '../queues/invoice-evaluation.ts';
import { type FlowRequest, type JobRequest, requestJob } from '../queues/job.ts';
import { rebalancePlanning } from '../queues/rebalance-planning.ts';
import type { Hop } from '../src/leg/leg.ts';
import { isLegTerminal } from '../src/leg/state.ts';
import { nextStep } from '../src/steps/upkeep/reconcile.ts';
import type { Tx } from '../src/store/db.ts';
import { readLegsOf } from '../src/store/legs.ts';
import type { OutboxRow, Wakeup } from '../src/store/outbox.ts';

export interface Reading {
	readonly tx: Tx;
	/** Whether a bridge's proofs have to be claimed. */
	readonly claims: (bridge: string) => boolean;
}

export type Called =
	| { readonly kind: 'job'; readonly job: JobRequest }
	/** One does for all wake-ups of a batch that call for it. */
	| { readonly kind: 'shared'; readonly job: JobRequest }
	| { readonly kind: 'flow'; readonly flow: FlowRequest };

export async function jobOf(reading: Reading, { id, wakeup }: OutboxRow): Promise<Called> {
	switch (wakeup.topic) {
		case 'evaluate':
			return { kind: 'job', job: requestJob(invoiceEvaluation, { demandId: wakeup.demandId, wakeup: id }) };
		case 'invoice':
			return { kind: 'job', job: requestJob(invoiceEvaluation, { invoiceId: wakeup.invoiceId, wakeup: id }) };
		case 'settle':
			return { kind: 'job', job: requestJob(earmarkSettlement, settlement(wakeup, id)) };
		case 'plan':
			return { kind: 'shared', job: requestJob(rebalancePlanning, { wakeup: id }) };
		case 'flow':
			return { kind: 'flow', flow: earmarkFlow(wakeup.earmarkId, wakeup.generation, await remainingHops(reading, wakeup.earmarkId)) };
		default:
			return wakeup satisfies never;
	}
}

function settlement({ earmarkId, generation }: Extract<Wakeup, { topic: 'settle' }>, id: string) {
	return { earmarkId, cause: generation === undefined ? `w${id}` : `r${generation}` };
}

async function remainingHops({ tx, claims }: Reading, earmarkId: string): Promise<FlowHop[][]> {
	const open = (await readLegsOf(tx, earmarkId)).filter((leg) => !isLegTerminal(leg.status));
	return open.map(({ id: legId, hops }) => {
		const ahead = hops.filter((hop) => !isLegTerminal(hop.status));
		return ahead.map((hop) => ({ legId, hop: hop.index, ...routeOf(hop), remaining: nextStep(hop), claims: claims(hop.bridge) }));
	});
}

const routeOf = ({ bridge, origin, destination }: Hop) => ({ bridge, origin, destination });
