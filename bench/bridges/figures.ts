/** From hops that were watched to the figures of a bridge. */
import { mean, median, rounded } from '../statistics.ts';

/** One wait for a proof, which came after `delayMs` and was seen `addedMs` later. */
interface Wait {
	readonly delayMs: number;
	readonly quotedMs: number;
	readonly addedMs: number;
	readonly looks: number;
}

export interface Watched {
	/** One for every proof that the hop needs: an exchange first credits, and then pays. */
	readonly waits: readonly Wait[];
	/** Made by the adapter itself, from building the sending call to verifying what arrived. */
	readonly rpcCalls: number;
	readonly apiCalls: number;
}

export interface BridgeFigures {
	/** Median of the added time as a fraction of the delay; of the quoted time where the proof is there at once. */
	readonly addedTime: number;
	/** Median. */
	readonly addedMs: number;
	/** Mean per proof. */
	readonly looks: number;
	/** Means per hop. */
	readonly rpcCalls: number;
	readonly apiCalls: number;
	/** Our median added time as a fraction of what a poller of 60 seconds adds to the same delays. */
	readonly vsPoller60s: number;
}

const POLLER_MS = 60_000;
const MOST_ADDED_TIME = 0.1;
const MOST_ADDED_MS = 1_000;
const MOST_LOOKS = 8;

export function figuresOf(hops: readonly Watched[]): BridgeFigures {
	const waits = hops.flatMap((hop) => hop.waits);
	const addedMs = median(waits.map((wait) => wait.addedMs));
	return {
		addedTime: rounded(median(waits.map((wait) => wait.addedMs / (wait.delayMs || wait.quotedMs))), 4),
		addedMs: rounded(addedMs, 0),
		looks: rounded(mean(waits.map((wait) => wait.looks)), 2),
		rpcCalls: rounded(mean(hops.map((hop) => hop.rpcCalls)), 2),
		apiCalls: rounded(mean(hops.map((hop) => hop.apiCalls)), 2),
		vsPoller60s: rounded(addedMs / median(waits.map((wait) => pollerAdds(wait.delayMs))), 4),
	};
}

/** A poller looks for the first time one interval after the sending. */
function pollerAdds(delayMs: number): number {
	return Math.max(1, Math.ceil(delayMs / POLLER_MS)) * POLLER_MS - delayMs;
}

/** What the goals ask for and the figures do not reach; empty when all of them hold. */
export function missesOf(bridge: string, { addedTime, addedMs, looks, rpcCalls, apiCalls }: BridgeFigures): string[] {
	const isQuick = addedTime <= MOST_ADDED_TIME || addedMs <= MOST_ADDED_MS;
	const misses = [
		...(isQuick ? [] : [`${bridge} sees its proofs ${addedMs} ms late (${addedTime} of the delay)`]),
		...(looks <= MOST_LOOKS ? [] : [`${bridge} takes ${looks} looks per proof; the goal is ${MOST_LOOKS}`]),
	];
	// Two, and one per look.
	const allowed = rounded(2 + looks, 2);
	const calls = rounded(rpcCalls + apiCalls, 2);
	if (bridge === 'cctp-v2' && calls > allowed) misses.push(`${bridge} makes ${calls} calls per hop; the goal is ${allowed}`);
	return misses;
}
