/** The exam that every bridge in the registry takes. */
import type { BridgeAdapter } from '../../src/bridge/bridge.ts';
import type { Check } from './check.ts';
import { apiFaults } from './checks/api-faults.ts';
import { asksOnce } from './checks/asked.ts';
import { adoptsClaims } from './checks/claims.ts';
import { survivesCrashes } from './checks/crash.ts';
import { saysWhatArrived } from './checks/delivery.ts';
import { isFoundAgain } from './checks/found-again.ts';
import { sendsNothingTwice, sendsOnce } from './checks/once.ts';
import { keepsBounds, promisesWhatArrives } from './checks/quotes.ts';
import { refusesInTime } from './checks/refusal.ts';
import { approvesAgain, sendsAgain } from './checks/reorganisation.ts';
import { resumes } from './checks/resume.ts';
import { nodesFail } from './checks/rpc-faults.ts';
import { waitsForTheUnknown } from './checks/unreachable.ts';
import { type Hall, openRoom, type Room } from './room.ts';
import { standOf } from './stands.ts';

export const CHECKS: readonly Check[] = [
	keepsBounds,
	promisesWhatArrives,
	saysWhatArrived,
	sendsOnce,
	sendsNothingTwice,
	resumes,
	survivesCrashes,
	...apiFaults,
	nodesFail,
	waitsForTheUnknown,
	asksOnce,
	adoptsClaims,
	sendsAgain,
	approvesAgain,
	refusesInTime,
	isFoundAgain,
];

interface Sitting {
	/** Its name in the registry. */
	readonly bridge: string;
	readonly check: Check;
	/** Whether everything is tried that is possible, or only a sample. */
	readonly isFull: boolean;
	/** Stands in for the registry's adapter. */
	readonly adapt?: (adapter: BridgeAdapter) => BridgeAdapter;
}

/** `problem` is null when the claim holds. */
export type Mark = { readonly state: 'not asked' } | { readonly state: 'passed' } | { readonly state: 'failed'; readonly problem: string };

/** Never throws: whatever goes wrong is a failed check. */
export async function examine(hall: Hall, { bridge, check, isFull, adapt }: Sitting): Promise<Mark> {
	let current: Room | null = null;
	try {
		const openStand = standOf(bridge);
		if (check.isAbout?.(openStand(hall.world)) === false) return { state: 'not asked' };
		await check.run({
			isFull,
			async room(options = {}) {
				await current?.close();
				current = await openRoom(hall, openStand, { ...options, ...(adapt && { adapt }) });
				return current;
			},
		});
		return { state: 'passed' };
	} catch (error) {
		return { state: 'failed', problem: told(error) };
	} finally {
		await closed(current);
	}
}

const closed = async (room: Room | null): Promise<void> => room?.close();

function told(error: unknown): string {
	return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
