/** Turns wake-ups into jobs. All planning wake-ups of one batch become one job; everything else has a job of its own. */
import { earmarkFlow, type FlowHop } from '../queues/earmark-flow.ts';
import { earmarkSettlement } from '../queues/earmark-settlement.ts';
import { invoiceEvaluation } from '../queues/invoice-evaluation.ts';
import { type FlowRequest, type JobRequest, requestJob } from '../queues/job.ts';
import type { Producer } from '../queues/queue.ts';
import { rebalancePlanning } from '../queues/rebalance-planning.ts';
import { crashPoint } from '../src/crash-point.ts';
import type { Hop } from '../src/leg/leg.ts';
import { isLegTerminal } from '../src/leg/state.ts';
import { nextStep } from '../src/steps/upkeep/reconcile.ts';
import type { Tx } from '../src/store/db.ts';
import { readLegsOf } from '../src/store/legs.ts';
import type { OutboxRow, Wakeup } from '../src/store/outbox.ts';

interface Relay {
	readonly tx: Tx;
	readonly producer: Producer;
	/** Whether a bridge's proofs have to be claimed. */
	readonly claims: (bridge: string) => boolean;
}

export async function sendWakeups({ tx, producer, claims }: Relay, rows: readonly OutboxRow[]): Promise<void> {
	const jobs: JobRequest[] = [];
	const flows: FlowRequest[] = [];
	for (const { id, wakeup } of rows) {
		if (wakeup.topic === 'evaluate') jobs.push(requestJob(invoiceEvaluation, { demandId: wakeup.demandId, wakeup: id }));
		if (wakeup.topic === 'invoice') jobs.push(requestJob(invoiceEvaluation, { invoiceId: wakeup.invoiceId, wakeup: id }));
		if (wakeup.topic === 'settle') jobs.push(requestJob(earmarkSettlement, settlement(wakeup, id)));
		if (wakeup.topic === 'flow')
			flows.push(earmarkFlow(wakeup.earmarkId, wakeup.generation, await remainingHops({ tx, claims }, wakeup.earmarkId)));
	}
	await producer.addFlows(flows);
	const planning = rows.findLast((row) => row.wakeup.topic === 'plan');
	if (planning !== undefined) jobs.push(requestJob(rebalancePlanning, { wakeup: planning.id }));
	await producer.add(jobs);
	crashPoint('relayed');
}

function settlement({ earmarkId, generation }: Extract<Wakeup, { topic: 'settle' }>, id: string) {
	return { earmarkId, cause: generation === undefined ? `w${id}` : `r${generation}` };
}

async function remainingHops({ tx, claims }: Pick<Relay, 'tx' | 'claims'>, earmarkId: string): Promise<FlowHop[][]> {
	const legs = await readLegsOf(tx, earmarkId);
	return legs
		.filter((leg) => !isLegTerminal(leg.status))
		.map((leg) =>
			leg.hops
				.filter((hop) => !isLegTerminal(hop.status))
				.map((hop) => ({ legId: leg.id, hop: hop.index, ...routeOf(hop), remaining: nextStep(hop), claims: claims(hop.bridge) })),
		);
}

const routeOf = ({ bridge, origin, destination }: Hop) => ({ bridge, origin, destination });
