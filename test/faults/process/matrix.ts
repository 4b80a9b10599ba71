/**
 * Where a process dies: at every place of the product, in every kind of process that comes there, at the first try and again at the next one, with
 * one poller and with two. Seeds in a row walk through all of it.
 */
import { CRASH_POINTS, type CrashPoint } from '../../../src/crash-point.ts';

/** What a process serves: its stage of `queues/catalog.ts`, or all that a scheduler does. */
type Stage = 'scheduler' | 'rebalance-planning' | 'bridge-execution' | 'attestation-polling' | 'earmark-settlement';

export interface Cell {
	readonly point: CrashPoint;
	/** Of the processes that die. */
	readonly stage: Stage;
	/** One: at the first try. Two: who comes there next dies, too, at the retry where there is one. */
	readonly deaths: 1 | 2;
	/** With two, two schedulers and two workers compete for everything that leads to a plan, and for the stage. */
	readonly pollers: 1 | 2;
}

const PAYS: readonly Stage[] = ['bridge-execution', 'earmark-settlement'];
/** What a campaign is about: the bridges that chains and attesters prove, or an exchange. */
export type Suite = 'usual' | 'exchange';

/** Who comes there. The sweeper of lanes comes to some of them, too, but only to what nobody has touched for ten seconds. */
const STAGES: Readonly<Record<CrashPoint, readonly Stage[]>> = {
	'earmark-written': ['rebalance-planning'],
	planned: ['rebalance-planning'],
	relayed: ['scheduler'],
	claimed: PAYS,
	'nonce-committed': PAYS,
	signed: PAYS,
	'attempt-stored': PAYS,
	'reply-lost': PAYS,
	sent: PAYS,
	mined: PAYS,
	'verdict-written': PAYS,
	'outbid-stored': PAYS,
	'proof-fetched': ['attestation-polling'],
	'request-committed': ['bridge-execution'],
	'request-claimed': ['bridge-execution'],
	'answer-lost': ['bridge-execution'],
	requested: ['bridge-execution'],
	'answer-found': ['bridge-execution'],
	'claimed-by-others': ['bridge-execution'],
	delivered: ['attestation-polling', 'bridge-execution'],
	'release-written': ['earmark-settlement'],
};

const REQUESTING: readonly CrashPoint[] = ['request-committed', 'request-claimed', 'answer-lost', 'requested', 'answer-found'];
/** Where nobody comes in a suite: an exchange's withdrawal is claimed by nobody else, and nothing but that is asked for. */
const NOWHERE: Readonly<Record<Suite, readonly CrashPoint[]>> = { usual: REQUESTING, exchange: ['claimed-by-others'] };

/** The points that processes of a suite pass. */
export function pointsOf(suite: Suite): readonly CrashPoint[] {
	return CRASH_POINTS.filter((point) => !NOWHERE[suite].includes(point));
}

/** What goes by the exchange is always claimed, so it is never delivered by who looks for its proof. */
function stagesOf(suite: Suite, point: CrashPoint): readonly Stage[] {
	return suite === 'exchange' && point === 'delivered' ? ['bridge-execution'] : STAGES[point];
}

const ONE_AND_TWO = [1, 2] as const;
/** Every point once before any of them a second time. */
const placesOf = (suite: Suite) =>
	[0, 1].flatMap((rank) =>
		pointsOf(suite).flatMap((point) => {
			const stage = stagesOf(suite, point)[rank];
			return stage === undefined ? [] : [{ point, stage }];
		}),
	);

const cellsOf = (suite: Suite): readonly Cell[] =>
	ONE_AND_TWO.flatMap((pollers) => ONE_AND_TWO.flatMap((deaths) => placesOf(suite).map((place) => ({ ...place, deaths, pollers }))));

/** All of them, in the order of the seeds that play them. */
export const CELLS: Readonly<Record<Suite, readonly Cell[]>> = { usual: cellsOf('usual'), exchange: cellsOf('exchange') };

/** The seed 0 plays the first cell, the next one the second, and so round and round. */
export function cellOf(seed: number, suite: Suite): Cell {
	const cells = CELLS[suite];
	const cell = cells[seed % cells.length];
	if (cell === undefined) throw new RangeError(`seed ${seed} is no whole number`);
	return cell;
}

/** By its words, for whoever counts which cells were hit. */
export function nameOf({ point, stage, deaths, pollers }: Cell): string {
	return `${point} in ${stage}, ${deaths === 1 ? 'first try' : 'retry'}, ${pollers} poller${pollers === 1 ? '' : 's'}`;
}
