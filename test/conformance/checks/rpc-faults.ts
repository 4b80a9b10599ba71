/** The nodes of both chains misbehave, one method at a time, at every stage of a hop. */
import type { RpcFault } from '../../../sandbox/chains/rpc-proxy.ts';
import { errorText } from '../../../src/errors.ts';
import type { Check } from '../check.ts';
import { dueStep } from '../hop.ts';
import type { Process } from '../process.ts';
import type { Room } from '../room.ts';

// A client of nodes waits itself for as long as it is told to, so that it is told to come back at once.
const FAULTS: readonly RpcFault[] = [
	'error',
	'error500',
	{ result: null },
	{ result: {} },
	{ result: 'it works!' },
	{ retryAfterSeconds: 0 },
];

interface Trouble {
	readonly method: string;
	readonly fault: RpcFault;
}

export const nodesFail: Check = {
	claim: 'nothing fails when a node misbehaves',
	async run({ room, isFull }) {
		const stages = await rehearse(await room());
		const opened = await room();
		await opened.begin();
		const process = opened.enter();
		const problems: string[] = [];
		const untried = new Map([...stages].map((stage, turn) => [stage[0], troublesOf(stage, isFull ? null : turn)]));
		// A step may get further in spite of its trouble, and then what is left of its stage is not tried.
		while (dueStep(await opened.leg()) !== null) {
			const trouble = untried.get(await stageOf(opened))?.shift();
			problems.push(...(await problemsUnder(opened, process, trouble ?? null)));
			// Stopped for a person: nothing goes on from here.
			if (problems.length > 0 && (await isFrozen(opened))) break;
		}
		if (problems.length > 0) throw new Error(problems.join('\n'));
		await opened.goTo(null);
		await opened.expectDelivered();
	},
};

/** What each stage of the hop asks the nodes. */
async function rehearse(room: Room): Promise<Map<string, ReadonlySet<string>>> {
	const stages = new Map<string, Set<string>>();
	await room.begin();
	const process = room.enter();
	while (dueStep(await room.leg()) !== null) {
		const methods = stages.get(await stageOf(room)) ?? new Set<string>();
		stages.set(await stageOf(room), methods);
		forBoth(room, (method) => {
			methods.add(method);
			return 'pass';
		});
		await room.step(process);
	}
	return stages;
}

/** Every fault of every method, or, in the so-manieth turn, another one for each method. */
function troublesOf([stage, methods]: [string, ReadonlySet<string>], turn: number | null): Trouble[] {
	return [...methods]
		.flatMap((method, index) =>
			FAULTS.filter((_, place) => turn === null || place === (turn + index) % FAULTS.length).map((fault) => ({ method, fault })),
		)
		.filter((trouble) => isMisbehaviour(stage, trouble));
}

/** Some of these could be the truth, and a person has to look: another chain's id, and a nonce of ours that was spent without us. */
function isMisbehaviour(stage: string, { method, fault }: Trouble): boolean {
	if (typeof fault === 'string' || !('result' in fault)) return true;
	if (method === 'eth_chainId') return false;
	return !(method === 'eth_getTransactionReceipt' && fault.result === null && stage.includes('tracking'));
}

/** Does one step; null stands for a node that answers as it should. */
async function problemsUnder(room: Room, process: Process, trouble: Trouble | null): Promise<string[]> {
	const said = trouble === null ? 'nothing was wrong' : `${trouble.method} answered with ${JSON.stringify(trouble.fault)}`;
	const when = `${said} while ${await stageOf(room)}`;
	forBoth(room, (method) => (method === trouble?.method ? trouble.fault : 'pass'));
	try {
		await room.step(process);
		const { status, reason } = await room.leg();
		return status === 'failed' || status === 'cancelled' || status === 'returned' ? [`${when}: the leg is ${status} (${reason})`] : [];
	} catch (error) {
		return [`${when}: ${error instanceof Error ? error.name : ''}: ${errorText(error)}`];
	} finally {
		forBoth(room, () => 'pass');
	}
}

async function isFrozen({ sql }: Room): Promise<boolean> {
	return (await sql`select 1 from signer_lanes where frozen_reason is not null`).length > 0;
}

function forBoth({ world, ends }: Room, rule: (method: string) => RpcFault): void {
	for (const { venue } of [ends.origin, ends.destination]) world.chain(venue).proxy.fault = rule;
}

async function stageOf({ leg, sql }: Room): Promise<string> {
	const { hops, status } = await leg();
	const effects = await sql`select kind, status from effects order by kind, try`;
	const proven = hops[0]?.proof === null ? '' : ', proven';
	return [`the leg is ${status}${proven}`, ...effects.map((each) => `${each.kind} ${each.status}`)].join(', ');
}
