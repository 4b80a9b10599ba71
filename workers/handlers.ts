/** Which step serves which stage; the payload is checked against the job's own schema before anything is done. */
import { attestationPolling } from '../queues/attestation-polling.ts';
import { type BridgeExecution, bridgeExecution } from '../queues/bridge-execution.ts';
import type { Stage } from '../queues/catalog.ts';
import { earmarkSettlement } from '../queues/earmark-settlement.ts';
import { type InvoiceEvaluation, invoiceEvaluation } from '../queues/invoice-evaluation.ts';
import type { App } from '../src/app.ts';
import { executeOnDemandRebalancing, processEarmarkedInvoices, processInvoices } from '../src/on-demand.ts';
import type { Outcome } from '../src/outcome.ts';
import { claimHop } from '../src/steps/claim-hop.ts';
import { evaluateInvoice } from '../src/steps/evaluate.ts';
import { proveHop } from '../src/steps/prove-hop.ts';
import { sendHop } from '../src/steps/send-hop.ts';
import { takeInInvoice } from '../src/steps/take-in.ts';

export function handlerOf(app: App, stage: Stage): (data: unknown) => Promise<Outcome> {
	switch (stage) {
		case 'invoice-poll':
			return () => processInvoices(app);
		case 'invoice-evaluation':
			return (data) => lookAtInvoice(app, invoiceEvaluation.payload.parse(data));
		case 'rebalance-planning':
			return () => executeOnDemandRebalancing(app);
		case 'bridge-execution':
			return (data) => execute(app, bridgeExecution.payload.parse(data));
		case 'attestation-polling':
			return (data) => proveHop(app, attestationPolling.payload.parse(data));
		case 'earmark-settlement':
			return (data) => processEarmarkedInvoices(app, [earmarkSettlement.payload.parse(data).earmarkId]);
	}
}

function execute(app: App, job: BridgeExecution): Promise<Outcome> {
	return job.step === 'claim' ? claimHop(app, job) : sendHop(app, job);
}

function lookAtInvoice(app: App, job: InvoiceEvaluation): Promise<Outcome> {
	return 'demandId' in job ? evaluateInvoice(app, job.demandId) : takeInInvoice(app, job.invoiceId);
}
