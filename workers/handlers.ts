/** Which step serves which stage; the payload is checked against the job's own schema before anything is done. */
import { attestationPolling } from '../queues/attestation-polling.ts';
import { type BridgeExecution, bridgeExecution } from '../queues/bridge-execution.ts';
import type { QueueEntry } from '../queues/catalog.ts';
import { earmarkSettlement } from '../queues/earmark-settlement.ts';
import { type InvoiceEvaluation, invoiceEvaluation } from '../queues/invoice-evaluation.ts';
import { type JobDefinition, readJob } from '../queues/job.ts';
import { rebalancePlanning } from '../queues/rebalance-planning.ts';
import { recurring } from '../queues/recurring.ts';
import type { App } from '../src/app.ts';
import { executeOnDemandRebalancing, processEarmarkedInvoices } from '../src/on-demand.ts';
import type { Outcome } from '../src/outcome.ts';
import { evaluateInvoice } from '../src/steps/invoice/evaluate.ts';
import { takeInInvoice } from '../src/steps/invoice/take-in.ts';
import { claimHop } from '../src/steps/leg/claim-hop.ts';
import { proveHop } from '../src/steps/leg/prove-hop.ts';
import { sendHop } from '../src/steps/leg/send-hop.ts';
import { syncInventory } from '../src/steps/upkeep/balances.ts';
import { sweepLanes } from '../src/steps/upkeep/sweep-lanes.ts';
import { triggerNamed } from '../src/trigger/registry.ts';

type Handler = (data: unknown, name: string) => Promise<Outcome>;

export function handlerOf(app: App, { name, stage }: Pick<QueueEntry, 'name' | 'stage'>): Handler {
	switch (stage) {
		case 'trigger':
			return serve(recurring(name), () => triggerNamed(name).look(app));
		case 'invoice-evaluation':
			return serve(invoiceEvaluation, (job) => lookAtInvoice(app, job));
		case 'rebalance-planning':
			return serve(rebalancePlanning, () => executeOnDemandRebalancing(app));
		case 'bridge-execution':
			return serve(bridgeExecution, (job) => execute(app, job));
		case 'attestation-polling':
			return serve(attestationPolling, (job) => proveHop(app, job));
		case 'earmark-settlement':
			return serve(earmarkSettlement, ({ earmarkId }) => processEarmarkedInvoices(app, [earmarkId]));
		case 'inventory-sync':
			return serve(recurring(name), () => syncInventory(app));
		case 'lane-sweep':
			return serve(recurring(name), () => sweepLanes(app));
	}
}

function serve<Payload>(definition: JobDefinition<Payload>, step: (job: Payload) => Promise<Outcome>): Handler {
	return async (data, name) => step(readJob(definition, { name, data }));
}

function execute(app: App, job: BridgeExecution): Promise<Outcome> {
	return job.step === 'claim' ? claimHop(app, job) : sendHop(app, job);
}

function lookAtInvoice(app: App, job: InvoiceEvaluation): Promise<Outcome> {
	return 'demandId' in job ? evaluateInvoice(app, job.demandId) : takeInInvoice(app, job.invoiceId);
}
