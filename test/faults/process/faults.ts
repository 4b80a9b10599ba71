/** The fault table: what a run can be told to suffer, by name. Each begins when it is called, and ends by itself or when the run is calmed. */
import { Redis } from 'ioredis';
import type postgres from 'postgres';
import { type Hex, keccak256 } from 'viem';
import type { LocalChain } from '../../../sandbox/chains/chain.ts';
import type { RpcFaultRule, RpcProxy } from '../../../sandbox/chains/rpc-proxy.ts';
import type { ApiFault, ApiFaultRule } from '../../../sandbox/http/api-server.ts';
import { broken, firstOf, late, lose, nonsense, notFound, times, tooMany, when } from '../../../sandbox/http/misbehave.ts';
import type { World } from '../../../sandbox/world.ts';
import type { Crew } from './crew.ts';
import { reorganise, stealClaims } from './onchain-faults.ts';

export interface Game {
	readonly world: World;
	readonly crew: Crew;
	/** Of the run's own database. */
	readonly sql: postgres.Sql;
	/** Of a Redis that nobody else uses; null when there is none. */
	readonly redisUrl: string | null;
	/** What has to be taken back when faults stop. */
	readonly undo: (() => void | Promise<void>)[];
}

/** Numbers from 0 to 999, for what a fault leaves open. */
export type Dice = readonly number[];
type Act = (game: Game, dice: Dice) => void | Promise<void>;

/** Beyond the lock of five seconds and the check for stalled jobs every two. */
const HALTED_MS = 8_000;
const REDIS_PAUSED_MS = 3_000;
const LAG_BLOCKS = 5;
const OTHER_CHAIN = '0x63';
const SENDS = 'eth_sendRawTransaction';

const TABLE = {
	'rpc-timeout-after-accept': ({ world }) => {
		for (const chain of world.chains.values()) atAll(chain, () => first(1, SENDS, 'timeout-after-accept'));
	},
	'rpc-429': (game, dice) => atAll(oneChain(game, dice), () => first(6, null, { retryAfterSeconds: 1 })),
	'rpc-500': (game, dice) => atAll(oneChain(game, dice), () => first(10, null, 'error500')),
	'rpc-malformed': (game, dice) => atAll(oneChain(game, dice), () => first(6, null, { result: { no: 'answer' } })),
	'rpc-hang': (game, dice) => atOne(oneChain(game, dice), dice, () => 'hang'),
	'rpc-lag': (game, dice) => atOne(oneChain(game, dice), dice, () => ({ lagBlocks: LAG_BLOCKS })),
	'rpc-lie': (game, dice) => atOne(oneChain(game, dice), dice, () => 'lie'),
	'rpc-wrong-chain': (game, dice) =>
		atOne(oneChain(game, dice), dice, (method) => (method === 'eth_chainId' ? { result: OTHER_CHAIN } : 'pass')),
	'mempool-dropped': ({ world }) => {
		// The nodes say that they have taken it, and lose it.
		for (const chain of world.chains.values())
			atAll(
				chain,
				() =>
					(method, [raw]) =>
						method === SENDS ? { result: keccak256(raw as Hex) } : 'pass',
			);
	},
	reorganisation: (game, dice) => reorganise(game, oneChain(game, dice), 1 + (at(dice, 1) % 2)),
	'api-429': (game, dice) => disturb(game, dice, tooMany(1)),
	'api-500': (game, dice) => disturb(game, dice, broken()),
	'api-late': (game, dice) => disturb(game, dice, late(1_500)),
	'api-answer-lost': (game, dice) => disturb(game, dice, lose()),
	'api-nonsense': (game, dice) => disturb(game, dice, nonsense()),
	'proof-404': ({ world }) => {
		// What a bridge does not know yet is no proof that nothing was sent.
		world.across.fault = firstOf(times(4, when('GET', /status/, notFound())), world.across.fault);
		world.cctp.fault = firstOf(times(6, when('GET', /messages/, notFound())), world.cctp.fault);
	},
	'claimed-by-others': stealClaims,
	'redis-clients-killed': (game) => onRedis(game, (redis) => redis.call('CLIENT', 'KILL', 'TYPE', 'normal')),
	'redis-flushed': (game) => onRedis(game, (redis) => redis.flushall()),
	'redis-paused': (game) => onRedis(game, (redis) => redis.call('CLIENT', 'PAUSE', REDIS_PAUSED_MS)),
	'backends-terminated': async ({ sql }) =>
		void (await sql`
			select pg_terminate_backend(pid) from pg_stat_activity
			where datname = current_database() and application_name is distinct from current_setting('application_name')`),
	'process-killed': ({ crew }, dice) => crew.kill(one(crew.names, at(dice, 0))),
	'process-halted': ({ crew }, dice) => {
		crew.halt(one(crew.names, at(dice, 0)));
		// Goes on by itself, unless the run is calmed first.
		setTimeout(() => crew.resume(), HALTED_MS).unref();
	},
	'same-job-five-times': ({ sql }) => wakeFiveTimes(sql),
} satisfies Record<string, Act>;

export type FaultName = keyof typeof TABLE;
export const FAULTS = Object.keys(TABLE) as FaultName[];

export async function beginFault(game: Game, name: FaultName, dice: Dice): Promise<void> {
	const act: Act = TABLE[name];
	await act(game, dice);
}

/** All nodes, APIs and processes do as they should from now on. */
export async function calm({ world, crew, undo }: Game): Promise<void> {
	for (const each of undo.splice(0)) await each();
	for (const { proxies } of world.chains.values()) for (const proxy of proxies) proxy.fault = () => 'pass';
	for (const api of [world.everclear, world.across, world.cctp]) api.fault = () => undefined;
	crew.resume();
}

function oneChain({ world }: Game, dice: Dice): LocalChain {
	return one([...world.chains.values()], at(dice, 0));
}

/** The rule goes before those that are there, and is asked afresh for each endpoint. */
function atAll({ proxies }: LocalChain, rule: () => RpcFaultRule): void {
	for (const proxy of proxies) addRule(proxy, rule());
}

function atOne({ proxies }: LocalChain, dice: Dice, rule: RpcFaultRule): void {
	addRule(one(proxies, at(dice, 1)), rule);
}

function addRule(proxy: RpcProxy, rule: RpcFaultRule): void {
	const before = proxy.fault;
	proxy.fault = (method, params) => {
		const fate = rule(method, params);
		return fate === 'pass' ? before(method, params) : fate;
	};
}

/** The first requests of a method, or of any. */
function first(count: number, wanted: string | null, fate: ReturnType<RpcFaultRule>): RpcFaultRule {
	let left = count;
	return (method) => {
		if (left === 0 || (wanted !== null && method !== wanted)) return 'pass';
		left -= 1;
		return fate;
	};
}

function disturb({ world }: Game, dice: Dice, fault: ApiFault): void {
	const api: { fault: ApiFaultRule } = one([world.everclear, world.across, world.cctp], at(dice, 0));
	const method = at(dice, 1) % 2 === 0 ? ['GET'] : ['GET', 'POST'];
	api.fault = firstOf(...method.map((each) => times(4, when(each, /./, fault))), api.fault);
}

async function onRedis({ redisUrl }: Game, act: (redis: Redis) => Promise<unknown>): Promise<void> {
	if (redisUrl === null) throw new Error('there is no Redis to disturb');
	const redis = new Redis(redisUrl, { maxRetriesPerRequest: 1 });
	try {
		await act(redis);
	} finally {
		redis.disconnect();
	}
}

/** Jobs of every earmark that has not ended, each under five ids, so that the queues take them for five. */
async function wakeFiveTimes(sql: postgres.Sql): Promise<void> {
	await sql`
		insert into outbox (topic, payload)
		select 'flow', jsonb_build_object('earmarkId', e.id, 'generation', 1000 + n) from earmarks e, generate_series(1, 5) n
		where e.status not in ('settled', 'cancelled')`;
	await sql`
		insert into outbox (topic, payload)
		select 'settle', jsonb_build_object('earmarkId', e.id) from earmarks e, generate_series(1, 5) n`;
	await sql`
		insert into outbox (topic, payload)
		select 'evaluate', jsonb_build_object('demandId', d.id) from demands d, generate_series(1, 5) n`;
	await sql`insert into outbox (topic, payload) select 'plan', '{}'::jsonb from generate_series(1, 5)`;
}

function at(dice: Dice, index: number): number {
	return dice[index] ?? 0;
}

function one<T>(list: readonly T[], number: number): T {
	const found = list[number % list.length];
	if (found === undefined) throw new RangeError('there is nothing to choose from');
	return found;
}
