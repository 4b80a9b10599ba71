/** What a seed decides about one run, and nothing else decides: which process dies where, and what goes wrong beside it. */
import type { CrashPoint } from '../../../src/crash-point.ts';
import { generator, pick, type Random } from '../random.ts';
import { FAULTS, type FaultName } from './faults.ts';
import { type Cell, cellOf, nameOf, type Suite } from './matrix.ts';

export interface ChosenFault {
	readonly name: FaultName;
	/** It begins when the processes have logged so many more lines, or nothing for a while. */
	readonly afterLines: number;
	/** For what the fault itself leaves open: a chain, an endpoint, an API. */
	readonly dice: readonly number[];
}

export interface Choice {
	readonly seed: number;
	readonly cell: Cell;
	readonly bridges: readonly ('across' | 'binance' | 'cctp-v2')[];
	/** Token units. The first is there from the beginning, the others when somebody has died, or all at once. */
	readonly invoices: readonly number[];
	/** What leads to the crash point at all, there from the beginning; null when it is on everybody's way. */
	readonly leading: ChosenFault | null;
	readonly faults: readonly ChosenFault[];
	/** Whether one process of each kind is of a later version, which calls a job by another name. */
	readonly twoVersions: boolean;
}

const MOST_INVOICES = 3;
const MOST_FAULTS = 3;
const MOST_LINES = 12;
const VERSIONS_EVERY = 5;
/** What has to go wrong for a crash point to be reached at all. */
const LEADS_TO: Partial<Record<CrashPoint, FaultName>> = {
	'reply-lost': 'rpc-reply-lost',
	'outbid-stored': 'mempool-dropped',
	'claimed-by-others': 'claimed-by-others',
	'answer-lost': 'exchange-answer-lost',
};
/** Faults that a run can only have alone: what they lead to has to be waited for. */
const ALONE: readonly FaultName[] = ['foreign-nonce', 'claimed-by-others'];

/** Seeds in a row go through all cells of the suite in `matrix.ts`; all the rest is drawn. */
export function choose(seed: number, suite: Suite, isPossible: (fault: FaultName) => boolean): Choice {
	const random = generator(seed);
	const cell = cellOf(seed, suite);
	const bridges: Choice['bridges'] = suite === 'exchange' ? ['binance'] : bridgesOf(cell, random);
	const forced = LEADS_TO[cell.point];
	const leading = forced === undefined ? null : fault(forced, random);
	const isOfBridge = (name: FaultName) => {
		if (name.startsWith('exchange-')) return suite === 'exchange';
		return bridges.includes('cctp-v2') || !(name.startsWith('proof-') || name === 'claimed-by-others');
	};
	const names = FAULTS.filter(
		(name) => isPossible(name) && isOfBridge(name) && (!ALONE.includes(name) || (leading === null && name !== 'claimed-by-others')),
	);
	const count = 1 + random(MOST_FAULTS) - (forced === undefined ? 0 : 1);
	const drawn = Array.from({ length: count }, () => fault(pick(names, random), random));
	const alone = drawn.find(({ name }) => ALONE.includes(name));
	const least = cell.deaths;
	return {
		...{ seed, cell, bridges },
		invoices: Array.from({ length: least + random(MOST_INVOICES + 1 - least) }, () => 60 + random(90)),
		leading,
		faults: alone === undefined ? drawn : [alone],
		twoVersions: cell.pollers === 2 && random(VERSIONS_EVERY) === 0,
	};
}

/** Funds that arrive by themselves are delivered by who looks for their proof, and others by who claims them. */
function bridgesOf({ point, stage }: Cell, random: Random): Choice['bridges'] {
	if (point === 'claimed-by-others' || (point === 'delivered' && stage === 'bridge-execution')) return ['cctp-v2'];
	if (point === 'delivered' || (point === 'outbid-stored' && stage === 'earmark-settlement')) return ['across'];
	return pick([['across'], ['cctp-v2'], ['across', 'cctp-v2']] as const, random);
}

function fault(name: FaultName, random: Random): ChosenFault {
	return { name, afterLines: random(MOST_LINES), dice: Array.from({ length: 4 }, () => random(1_000)) };
}

/** One line that says what was chosen. */
export function tellChoice({ cell, bridges, invoices, leading, faults, twoVersions }: Choice): string {
	return [
		`death at ${nameOf(cell)}`,
		`${bridges.join(' and ')}${twoVersions ? ', two versions' : ''}`,
		`invoices of ${invoices.join(', ')}`,
		`faults: ${[...(leading === null ? [] : [leading]), ...faults].map(({ name }) => name).join(', ') || 'none'}`,
	].join('; ');
}
