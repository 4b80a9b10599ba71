/** The fault table: what a run can be told to suffer, by name. Each begins when it is called, and ends by itself or when the run is calmed. */
import type postgres from 'postgres';
import { broken, late, lose, nonsense, tooMany } from '../../../sandbox/http/misbehave.ts';
import type { Stack } from '../../../sandbox/stack.ts';
import type { World } from '../../../sandbox/world.ts';
import { claimBeforeUs, expireProofs, keepPending, loseProofs, mixProofs, spoilProofs } from './bridge-faults.ts';
import type { Crew } from './crew.ts';
import { at, type Dice, one } from './dice.ts';
import {
	breakWithdrawals,
	closeExchange,
	disturbExchange,
	endWithdrawals,
	holdDeposits,
	holdWithdrawalAnswers,
	holdWithdrawals,
	lagHistory,
	limitRequests,
	lockDeposits,
	loseWithdrawalAnswers,
	suspendWithdrawals,
} from './exchange-faults.ts';
import { type ForeignSpend, reorganise, spendForeignNonce } from './onchain-faults.ts';
import { chainOf, disturb, dropPools, first, lagMore, loseReplies, SENDS, toAll, toOne } from './request-faults.ts';
import { cutBackends, onRedis, restartPostgres, restartRedis, wakeFiveTimes } from './server-faults.ts';

export interface Game {
	readonly world: World;
	readonly crew: Crew;
	readonly stack: Stack;
	/** Of the run's own database. */
	readonly sql: postgres.Sql;
	/** The chain whose pool is dropped where only payments are to suffer; null for all of them. */
	readonly paysAt: string | null;
	/** What has to be taken back when faults stop. */
	readonly undo: (() => void | Promise<void>)[];
	/** What has to have happened before faults stop: one that nobody has met was none. */
	readonly met: (() => boolean)[];
	/** Sentences of the logs that call a person. */
	readonly alerts: readonly string[];
	/** Nonces that were spent behind the product's back. */
	readonly foreign: ForeignSpend[];
	/** What a fault has found broken by itself. */
	readonly complaints: string[];
	readonly hear: (sentence: string) => void;
}

type Act = (game: Game, dice: Dice) => void | Promise<void>;

/** Beyond the lock of five seconds and the check for stalled jobs every two. */
const BEYOND_LOCK_MS = 8_000;
const REDIS_PAUSED_MS = 3_000;
const CLOCK_WRONG_MS = 600_000;
const JUMPS_BACK_AFTER_MS = 2_000;
const LAG_BLOCKS = 5;
const OTHER_CHAIN = '0x63';

const TABLE = {
	'rpc-timeout-after-accept': ({ world }) => {
		for (const chain of world.chains.values()) toAll(chain, () => first(1, SENDS, 'timeout-after-accept'));
	},
	'rpc-reply-lost': loseReplies,
	'rpc-429': (game, dice) => toAll(chainOf(game, dice), () => first(6, null, { retryAfterSeconds: 1 })),
	'rpc-500': (game, dice) => toAll(chainOf(game, dice), () => first(10, null, 'error500')),
	'rpc-malformed': (game, dice) => toAll(chainOf(game, dice), () => first(6, null, { result: { no: 'answer' } })),
	'rpc-hang': (game, dice) => toOne(chainOf(game, dice), dice, () => 'hang'),
	'rpc-lag': (game, dice) => toOne(chainOf(game, dice), dice, () => ({ lagBlocks: LAG_BLOCKS })),
	'rpc-stale': (game, dice) => toOne(chainOf(game, dice), dice, lagMore()),
	'rpc-lie': (game, dice) => toOne(chainOf(game, dice), dice, () => 'lie'),
	'rpc-wrong-chain': (game, dice) =>
		toOne(chainOf(game, dice), dice, (method) => (method === 'eth_chainId' ? { result: OTHER_CHAIN } : 'pass')),
	'mempool-dropped': dropPools,
	reorganisation: (game, dice) => reorganise(game, chainOf(game, dice), 1 + (at(dice, 1) % 2)),
	'foreign-nonce': spendForeignNonce,
	'api-429': (game, dice) => disturb(game, dice, tooMany(1)),
	'api-500': (game, dice) => disturb(game, dice, broken()),
	'api-late': (game, dice) => disturb(game, dice, late(1_500)),
	'api-answer-lost': (game, dice) => disturb(game, dice, lose()),
	'api-nonsense': (game, dice) => disturb(game, dice, nonsense()),
	'proof-404': loseProofs,
	'proof-pending': keepPending,
	'proof-wrong-bytes': spoilProofs,
	'proof-reordered': mixProofs,
	'proof-expired': expireProofs,
	'claimed-by-others': claimBeforeUs,
	'exchange-answer-lost': loseWithdrawalAnswers,
	'exchange-answer-held': holdWithdrawalAnswers,
	'exchange-not-taken': breakWithdrawals,
	'exchange-api': disturbExchange,
	'exchange-stuck': holdWithdrawals,
	'exchange-locked': lockDeposits,
	'exchange-pending': holdDeposits,
	'exchange-unlisted': lagHistory,
	'exchange-ended': endWithdrawals,
	'exchange-maintenance': closeExchange,
	'exchange-suspended': suspendWithdrawals,
	'exchange-limited': limitRequests,
	'redis-clients-killed': (game) => onRedis(game, (redis) => redis.call('CLIENT', 'KILL', 'TYPE', 'normal')),
	'redis-flushed': (game) => onRedis(game, (redis) => redis.flushall()),
	'redis-paused': (game) => onRedis(game, (redis) => redis.call('CLIENT', 'PAUSE', REDIS_PAUSED_MS)),
	'redis-killed': (game) => restartRedis(game, 'empty'),
	'redis-killed-with-old-dump': (game) => restartRedis(game, 'old dump'),
	'backends-terminated': cutBackends,
	'postgres-restarted': restartPostgres,
	'process-killed': ({ crew }, dice) => crew.kill(one(crew.names, at(dice, 0))),
	'process-halted': (game, dice) => {
		game.crew.halt(one(game.crew.names, at(dice, 0)));
		soon(game, BEYOND_LOCK_MS, () => game.crew.resume());
	},
	'event-loop-blocked': ({ crew }, dice) => crew.block(one(crew.names, at(dice, 0)), BEYOND_LOCK_MS),
	'clock-ahead': ({ crew }, dice) => crew.setClock(one(crew.names, at(dice, 0)), CLOCK_WRONG_MS),
	'clock-behind': ({ crew }, dice) => crew.setClock(one(crew.names, at(dice, 0)), -CLOCK_WRONG_MS),
	'clock-jumps-back': (game, dice) => {
		const name = one(game.crew.names, at(dice, 0));
		game.crew.setClock(name, CLOCK_WRONG_MS);
		soon(game, JUMPS_BACK_AFTER_MS, () => game.crew.setClock(name, 0));
	},
	'same-job-five-times': ({ sql }) => wakeFiveTimes(sql),
} satisfies Record<string, Act>;

export type FaultName = keyof typeof TABLE;
export const FAULTS = Object.keys(TABLE) as FaultName[];

export async function beginFault(game: Game, name: FaultName, dice: Dice): Promise<void> {
	const act: Act = TABLE[name];
	await act(game, dice);
}

/** All nodes, APIs, servers and processes do as they should from now on. */
export async function calm({ world, crew, undo }: Game): Promise<void> {
	for (const { proxies } of world.chains.values()) for (const proxy of proxies) proxy.fault = () => 'pass';
	for (const api of [world.everclear, world.across, world.cctp]) api.fault = () => undefined;
	crew.resume();
	for (const name of crew.names) crew.setClock(name, 0);
	// What came last goes first, so that each finds what it has changed.
	for (const each of undo.splice(0).reverse()) await each();
}

/** In a while, or when faults stop, whichever comes first. */
function soon({ undo }: Game, afterMs: number, act: () => void): void {
	const timer = setTimeout(act, afterMs);
	undo.push(() => {
		clearTimeout(timer);
		act();
	});
}
