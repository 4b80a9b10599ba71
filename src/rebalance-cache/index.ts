/** The cache of rebalances under way, in Redis, in PostgreSQL, or on its way from one to the other (docs/rebalance-cache.md). */
import { ConfigError, errorText } from '../errors.ts';
import { createLog, type Log } from '../observe/log.ts';
import type { RebalanceCache } from '../rebalances/cache.ts';
import { answersIn, keepsBoth, PHASES, type Phase } from '../rebalances/phase.ts';
import { PhaseMovedError } from '../rebalances/side.ts';
import type { Sides } from './bring.ts';
import { fixedPhase, followPhase, type PhaseSource } from './follow.ts';
import { openSides } from './open-sides.ts';
import { type Pair, pairOf } from './pair.ts';
import { createPlainCache } from './plain.ts';

export type { RebalanceAction, RebalanceCache, RebalanceRoute, StoredRebalance, WithdrawalRecord } from '../rebalances/cache.ts';

export interface RebalanceCacheSettings {
	/** Fixes the phase of this instance; without it the instance follows the stored one. */
	readonly phase?: Phase;
	readonly redisUrl: string;
	readonly databaseUrl: string;
	/** Names the keys in Redis and the namespace in PostgreSQL. */
	readonly prefix?: string;
	/** A pino logger; JSON lines on stdout unless it is given. */
	readonly log?: Log;
}

const REPAIR_MS = 1_000;
const TIDY_MS = 600_000;
/** So long it is known who has removed what; nobody comes later with what was there before. */
const KNOWN_MS = 86_400_000;
/** A phase changes by one at a time, and not again before everybody could have followed. */
const MOVES = 10;

/** Throws `ConfigError` for a wrong setting, and `TransientError` when it has to follow and no side says what. */
export async function createRebalanceCache({
	phase,
	redisUrl,
	databaseUrl,
	prefix = 'rebalances',
	log: parent = createLog('info', 'rebalance-cache'),
}: RebalanceCacheSettings): Promise<RebalanceCache> {
	if (phase !== undefined && !PHASES.includes(phase)) throw new ConfigError('phase', `is none of ${PHASES.join(', ')}`);
	const log = parent.child({ prefix });
	const sides = openSides({ redisUrl, databaseUrl, prefix, log });
	try {
		const source = phase === undefined ? await followPhase(sides, log) : fixedPhase(phase);
		return phased({ sides, source, isFixed: phase !== undefined, log });
	} catch (error) {
		await closeAll(sides);
		throw error;
	}
}

interface Phased {
	readonly sides: Sides;
	readonly source: PhaseSource;
	readonly isFixed: boolean;
	readonly log: Log;
}

function phased({ sides, source, isFixed, log }: Phased): RebalanceCache {
	const pairs = new Map<Phase, Pair>(
		PHASES.filter(keepsBoth).map((phase) => [phase, pairOf({ sides, answers: answersIn(phase), compares: phase === 'dual-read', log })]),
	);
	const caches = new Map(
		PHASES.map((phase) => {
			const marks = keepsBoth(phase) ? 'always' : isFixed ? 'never' : 'stored';
			const settings = { follows: isFixed ? null : phase, marks, refusesNul: phase !== 'redis' } as const;
			return [phase, createPlainCache(pairs.get(phase) ?? sides[answersIn(phase)], settings)];
		}),
	);
	const repairing = setInterval(() => void pairs.get(source.current())?.repair(), REPAIR_MS);
	const tidying = setInterval(() => void tidy(source.current(), { sides, log }), TIDY_MS);
	for (const timer of [repairing, tidying]) timer.unref();
	const now = (): RebalanceCache => caches.get(source.current()) as RebalanceCache;
	/** Who asks in a phase that is over has done nothing, and asks again in the one that is stored. */
	const inPhase = async <T>(ask: (cache: RebalanceCache) => Promise<T>): Promise<T> => {
		for (let moves = 1; ; moves += 1) {
			try {
				return await ask(now());
			} catch (error) {
				if (!(error instanceof PhaseMovedError) || moves === MOVES) throw error;
				source.learn(error.stored);
			}
		}
	};
	return {
		addRebalances: (actions) => inPhase((cache) => cache.addRebalances(actions)),
		getRebalances: (query) => inPhase((cache) => cache.getRebalances(query)),
		removeRebalances: (ids) => inPhase((cache) => cache.removeRebalances(ids)),
		hasRebalance: (id) => inPhase((cache) => cache.hasRebalance(id)),
		getRebalanceByTransaction: (transaction) => inPhase((cache) => cache.getRebalanceByTransaction(transaction)),
		clear: () => inPhase((cache) => cache.clear()),
		setPause: (paused) => inPhase((cache) => cache.setPause(paused)),
		isPaused: () => inPhase((cache) => cache.isPaused()),
		addWithdrawalRecord: (...record) => inPhase((cache) => cache.addWithdrawalRecord(...record)),
		getWithdrawalRecord: (deposit) => inPhase((cache) => cache.getWithdrawalRecord(deposit)),
		removeWithdrawalRecord: (deposit) => inPhase((cache) => cache.removeWithdrawalRecord(deposit)),
		async disconnect() {
			clearInterval(repairing);
			clearInterval(tidying);
			source.close();
			await closeAll(sides);
		},
	};
}

async function tidy(phase: Phase, { sides: { postgres }, log }: Pick<Phased, 'sides' | 'log'>): Promise<void> {
	if (phase === 'redis') return;
	try {
		await postgres.trim((await postgres.now()) - KNOWN_MS);
	} catch (error) {
		log.debug({ error: errorText(error) }, 'not tidied up now');
	}
}

const closeAll = async ({ redis, postgres }: Sides): Promise<void> => void (await Promise.all([redis.close(), postgres.close()]));
