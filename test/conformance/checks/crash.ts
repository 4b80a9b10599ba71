/** A process that dies at any of its calls to the outside leaves nothing behind that another one cannot take on. */
import type { RpcFault } from '../../../sandbox/chains/rpc-proxy.ts';
import { broken } from '../../../sandbox/http/misbehave.ts';
import { errorText } from '../../../src/errors.ts';
import type { Check } from '../check.ts';
import { dueStep } from '../hop.ts';
import type { Room } from '../room.ts';

/** `before`: the call is not carried out any more; `after`: it is, and its answer finds nobody who could write it down. */
interface Death {
	/** Which of the process's calls to the outside it is, from 1. */
	readonly call: number;
	readonly moment: 'before' | 'after';
}

const BROADCAST = 'eth_sendRawTransaction';
/** Of the crashes that are possible. */
const SAMPLE = 4;
const MOST_STEPS = 200;

export const survivesCrashes: Check = {
	claim: 'a crash at any call to the outside loses nothing',
	async run({ room, isFull }) {
		const rehearsal = await room();
		await rehearsal.begin();
		const calls = await live(rehearsal, null);
		for (const death of chosen(calls, isFull ? null : SAMPLE)) {
			const opened = await room();
			await opened.begin();
			await live(opened, death);
			try {
				await opened.goTo(null, opened.enter());
				await opened.expectDelivered();
			} catch (error) {
				const place = `${death.moment} call ${death.call} of ${calls.length}, ${calls[death.call - 1]}`;
				throw new Error(`died ${place}: ${errorText(error)}`, { cause: error });
			}
		}
	},
};

/** Takes the hop on in one process, until the end or until that one dies. Answers with its calls to the outside, in order. */
async function live(room: Room, death: Death | null): Promise<string[]> {
	const process = room.enter();
	const calls: string[] = [];
	let isDead = false;
	/** Whether a call is still carried out. */
	const isHeard = (name: string): boolean => {
		if (isDead) return false;
		calls.push(name);
		if (calls.length !== death?.call) return true;
		isDead = true;
		void process.die();
		return death.moment === 'after';
	};
	const { chains } = room.world;
	for (const { proxy } of chains.values()) proxy.fault = (method): RpcFault => (isHeard(method) ? 'pass' : 'error');
	const { api } = room.stand;
	if (api !== null) api.fault = ({ method, path }) => (isHeard(`${method} ${path}`) ? undefined : broken());
	for (let steps = 0; steps < MOST_STEPS && !isDead && dueStep(await room.leg()) !== null; steps += 1) {
		await room.step(process).catch((error: unknown) => {
			if (!isDead) throw error;
		});
	}
	await process.die();
	for (const { proxy } of chains.values()) proxy.fault = () => 'pass';
	if (api !== null) api.fault = () => undefined;
	return calls;
}

/** All, or so many: those after which something has happened on a chain first, the others spread evenly over the hop. */
function chosen(calls: readonly string[], count: number | null): Death[] {
	const moments = ['before', 'after'] as const;
	const all = calls.flatMap((_, index) => moments.map((moment) => ({ call: index + 1, moment })));
	if (count === null) return all;
	const isBroadcast = ({ call, moment }: Death) => calls[call - 1] === BROADCAST && moment === 'after';
	const broadcasts = all.filter(isBroadcast);
	const others = Math.max(0, count - broadcasts.length);
	// The middle of each of so many equal parts, before and after by turns.
	const spread = Array.from({ length: others }, (_, index) => ({
		call: Math.ceil(((index + 0.5) * calls.length) / others),
		moment: moments[index % 2] ?? 'before',
	}));
	return [...broadcasts, ...spread.filter((each) => !isBroadcast(each))];
}
