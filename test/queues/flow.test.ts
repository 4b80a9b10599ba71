import { describe, expect, it } from 'vitest';
import { earmarkFlow, type FlowHop } from '../../queues/earmark-flow.ts';
import { earmarkSettlement } from '../../queues/earmark-settlement.ts';
import { invoiceEvaluation } from '../../queues/invoice-evaluation.ts';
import { type FlowRequest, requestJob } from '../../queues/job.ts';

const EARMARK = '8f14e45f-ceea-467f-a0c3-2f1c1f7a0a11';
const LEG = 'c9f0f895-fb98-4b91-9b3c-7c8b1f7a0a22';
const hop = (remaining: FlowHop['remaining']): FlowHop => ({
	legId: LEG,
	hop: 0,
	bridge: 'across',
	origin: '1',
	destination: '10',
	remaining,
	claims: false,
});

function all(flow: FlowRequest): FlowRequest[] {
	return [flow, ...flow.children.flatMap(all)];
}

describe('the flow of an earmark', () => {
	it('is settlement over prove over send, one chain per leg', () => {
		const flow = earmarkFlow(EARMARK, 1, [[hop('send')], [{ ...hop('send'), legId: EARMARK }]]);
		expect(flow.queue).toBe('earmark-settlement');
		expect(flow.children.map((leg) => [leg.queue, leg.children[0]?.queue])).toEqual([
			['attestation-polling', 'bridge-execution-across-1-10'],
			['attestation-polling', 'bridge-execution-across-1-10'],
		]);
	});

	it('ignores a failed leg at its top and fails its parent inside', () => {
		const [top] = earmarkFlow(EARMARK, 1, [[hop('send')]]).children;
		expect(top?.onFailure).toBe('ignore');
		expect(top?.children[0]?.onFailure).toBe('fail-parent');
	});

	it('has only the steps that remain', () => {
		const flow = earmarkFlow(EARMARK, 2, [[hop('prove')], []]);
		expect(all(flow).map((job) => job.name)).toEqual(['settle', 'prove']);
	});

	it('claims where the bridge has it so, and after one hop sends the next', () => {
		const claiming = { ...hop('send'), claims: true };
		const steps = (...hops: FlowHop[]) => all(earmarkFlow(EARMARK, 1, [hops])).map((job) => `${job.name} ${job.data.step ?? ''}`.trim());
		expect(steps(claiming, { ...hop('send'), hop: 1 })).toEqual([
			'settle',
			'prove',
			'execute send',
			'execute claim',
			'prove',
			'execute send',
		]);
		expect(steps({ ...claiming, remaining: 'claim' })).toEqual(['settle', 'execute claim']);
	});

	it('gives every node an id that names its generation, without a colon', () => {
		const ids = (generation: number) => all(earmarkFlow(EARMARK, generation, [[hop('send')]])).map((job) => job.id);
		expect(new Set([...ids(1), ...ids(2)]).size).toBe(6);
		for (const id of ids(1)) expect(id).toMatch(/^[a-z][A-Za-z0-9-]*$/);
	});

	it('gives a wake-up an id that ends in its outbox row', () => {
		expect(requestJob(earmarkSettlement, { earmarkId: EARMARK, cause: 'w17' }).id).toBe(`settle-${EARMARK}-w17`);
		expect(requestJob(invoiceEvaluation, { demandId: LEG, wakeup: '4' }).id).toBe(`evaluate-${LEG}-w4`);
	});

	it('refuses a payload that is more than ids', () => {
		expect(() => requestJob(earmarkSettlement, { earmarkId: EARMARK, cause: 'w1', amount: '5' } as never)).toThrow();
	});
});
