/** What a seed decides about one run, and nothing else decides: which process dies where, and what goes wrong beside it. */
import { CRASH_POINTS, type CrashPoint } from '../../../src/crash-point.ts';
import { FAULTS, type FaultName } from './faults.ts';

export type WorkerName = 'worker-1' | 'worker-2';

export interface ChosenFault {
	readonly name: FaultName;
	/** It begins when the processes have logged so many more lines, or nothing for a while. */
	readonly afterLines: number;
	/** For what the fault itself leaves open: a chain, an endpoint, an API. */
	readonly dice: readonly number[];
}

export interface Choice {
	readonly seed: number;
	readonly crash: { readonly point: CrashPoint; readonly time: number; readonly in: readonly string[] };
	readonly schedulers: 1 | 2;
	/** Whether both workers serve every queue, or one plans and the other one executes. */
	readonly layout: 'alike' | 'divided';
	readonly bridges: readonly ('across' | 'cctp-v2')[];
	/** Token units. */
	readonly invoices: readonly number[];
	/** What leads to the crash point at all, there from the beginning; null when it is on everybody's way. */
	readonly leading: ChosenFault | null;
	readonly faults: readonly ChosenFault[];
}

export type Random = (below: number) => number;

/** The same numbers for the same seed (mulberry32). */
export function generator(seed: number): Random {
	let state = seed >>> 0;
	return (below) => {
		state = (state + 0x6d2b79f5) >>> 0;
		let mixed = Math.imul(state ^ (state >>> 15), state | 1);
		mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
		return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
	};
}

const MOST_INVOICES = 3;
const MOST_FAULTS = 3;
const MOST_LINES = 12;
/** What has to go wrong for a crash point to be reached at all. */
const LEADS_TO: Partial<Record<CrashPoint, FaultName>> = {
	'reply-lost': 'rpc-timeout-after-accept',
	'outbid-stored': 'mempool-dropped',
	'claimed-by-others': 'claimed-by-others',
};
const BY_PLANNER: readonly CrashPoint[] = ['earmark-written', 'planned'];
const BY_CLAIM: readonly CrashPoint[] = ['proof-fetched', 'claimed-by-others'];

/** Seeds in a row go through all crash points; 64 in a row through all of them, both times, with one and two pollers. */
export function choose(seed: number, isPossible: (fault: FaultName) => boolean): Choice {
	const random = generator(seed);
	const point = CRASH_POINTS[seed % CRASH_POINTS.length] ?? CRASH_POINTS[0];
	const cell = Math.floor(seed / CRASH_POINTS.length);
	const schedulers = point === 'earmark-written' || Math.floor(cell / 2) % 2 === 1 ? 2 : 1;
	const layout = pick(['alike', 'divided'] as const, random);
	const bridges = BY_CLAIM.includes(point)
		? (['cctp-v2'] as const)
		: pick([['across'], ['cctp-v2'], ['across', 'cctp-v2']] as const, random);
	const names = FAULTS.filter((name) => name !== 'claimed-by-others' && isPossible(name));
	const forced = LEADS_TO[point];
	const count = 1 + random(MOST_FAULTS) - (forced === undefined ? 0 : 1);
	const leading = forced === undefined ? null : fault(forced, random);
	return {
		seed,
		crash: { point, time: 1 + (cell % 2), in: placesOf(point, { schedulers, layout }, random) },
		...{ schedulers, layout },
		bridges,
		// Somebody comes there a second time only when there is enough to do.
		invoices: Array.from({ length: cell % 2 === 1 ? MOST_INVOICES : 1 + random(MOST_INVOICES) }, () => 60 + random(90)),
		leading,
		faults: Array.from({ length: count }, () => fault(pick(names, random), random)),
	};
}

function fault(name: FaultName, random: Random): ChosenFault {
	return { name, afterLines: random(MOST_LINES), dice: Array.from({ length: 4 }, () => random(1_000)) };
}

/** Where two processes may come to the point, one of them dies there, or both. */
function placesOf(point: CrashPoint, { schedulers, layout }: Pick<Choice, 'schedulers' | 'layout'>, random: Random): readonly string[] {
	if (point === 'relayed') return schedulers === 1 ? ['scheduler-1'] : pick([['scheduler-1'], ['scheduler-1', 'scheduler-2']], random);
	if (layout === 'divided') return [BY_PLANNER.includes(point) ? 'worker-1' : 'worker-2'];
	const both = ['worker-1', 'worker-2'];
	return pick([[pick(both, random)], both, both, both], random);
}

/** Throws on an empty list. */
export function pick<T>(list: readonly T[], random: Random): T {
	const found = list[random(list.length)];
	if (found === undefined) throw new RangeError('there is nothing to pick from');
	return found;
}

/** One line that says what was chosen. */
export function tellChoice({ crash, schedulers, layout, bridges, invoices, leading, faults }: Choice): string {
	return [
		`${crash.in.join(' and ')} ${crash.in.length === 1 ? 'dies' : 'die'} at ${crash.point}, time ${crash.time}`,
		`${schedulers} scheduler${schedulers === 1 ? '' : 's'}, workers ${layout}, ${bridges.join(' and ')}`,
		`invoices of ${invoices.join(', ')}`,
		`faults: ${[...(leading === null ? [] : [leading]), ...faults].map(({ name }) => name).join(', ')}`,
	].join('; ');
}
