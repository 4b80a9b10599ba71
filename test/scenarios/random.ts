/** Scenarios that nobody wrote: a seed decides what happens to some invoices and their legs. Once faults stop, everything must end well. */
import assert from 'node:assert/strict';
import type { Hex } from 'viem';
import type { ApiFaultRule } from '../../sandbox/http/api-server.ts';
import { broken, times, when } from '../../sandbox/http/misbehave.ts';
import { generator, type Random } from '../faults/random.ts';
import type { Scenario } from './scenario.ts';
import { hubUnits, type Stage } from './stage.ts';

const DEPOSIT_LIVES_SECONDS = 90;
const LONG_AFTER_SECONDS = 300;
const EVENTS = 14;
const ENDS_WITHIN_MS = 90_000;
/** A few more lines of the log, or so much time without any, lie between two events. */
const MOST_LINES_BETWEEN = 8;
const QUIET_MS = 700;

export function randomScenario(seed: number): Scenario {
	return {
		name: `random-${seed}`,
		promise:
			'whatever happens to invoices, bridge, APIs and nodes in whatever order: once faults stop, every demand ends, and every unit is accounted for',
		run: (stage) => run(stage, generator(seed)),
	};
}

interface Game {
	readonly stage: Stage;
	readonly random: Random;
	readonly invoices: Hex[];
}

const EVENT_KINDS: readonly { readonly what: string; act(game: Game): Promise<void> | void }[] = [
	{ what: 'another invoice', act: showOne },
	{ what: 'another invoice', act: showOne },
	{ what: 'an amount rises', act: (game) => change(game, (tokens) => tokens + 20 + game.random(40)) },
	{ what: 'an amount falls', act: (game) => change(game, (tokens) => Math.max(10, tokens - 20)) },
	{
		what: 'somebody else fills one',
		act: ({ stage, ...game }) =>
			stage.world.everclear.fillExternally(pick(game)).then(
				() => {},
				() => {},
			),
	},
	{ what: 'relayers stand still', act: ({ stage }) => ignoring(stage, () => true) },
	{ what: 'relayers leave one origin alone', act: ({ stage }) => ignoring(stage, (origin) => origin === 1) },
	{ what: 'relayers are back', act: ({ stage }) => ignoring(stage, () => false) },
	{ what: 'deposits expire', act: expireAll },
	{ what: 'fills bring less', act: ({ stage }) => setLess(stage, 300) },
	{ what: 'fills bring everything', act: ({ stage }) => setLess(stage, 0) },
	{ what: 'the hub API fails a few times', act: ({ stage }) => breakApi(stage.world.everclear) },
	{ what: 'the bridge API fails a few times', act: ({ stage }) => breakApi(stage.world.across) },
	{ what: 'a node fails every fifth request', act: ({ stage }) => failing(stage, 5) },
	{ what: 'the nodes are well', act: ({ stage }) => failing(stage, 0) },
	{ what: 'everything is restarted', act: ({ stage }) => stage.reopen() },
];

async function run(stage: Stage, random: Random): Promise<void> {
	const game = { stage, random, invoices: [] as Hex[] };
	stage.world.across.fillWithinSeconds = DEPOSIT_LIVES_SECONDS;
	await stage.open({ 1: '90', 10: '40', 56: '90' });
	await showOne(game);
	for (let count = 0; count < EVENTS; count += 1) {
		const event = EVENT_KINDS[random(EVENT_KINDS.length)];
		stage.say(`> ${event?.what}`);
		await event?.act(game);
		await progress(stage, random(MOST_LINES_BETWEEN));
	}
	await calm(stage);
	await stage.until('every demand has ended, or waits for a reason that only funds can change', () => ended(stage), ENDS_WITHIN_MS);
}

/** The faults stop, and what had been forgotten by every relayer expires. */
async function calm(stage: Stage): Promise<void> {
	stage.say('> faults stop');
	const { everclear, across } = stage.world;
	everclear.fault = () => undefined;
	across.fault = () => undefined;
	failing(stage, 0);
	setLess(stage, 0);
	ignoring(stage, () => false);
}

async function ended({ product }: Stage): Promise<true | null> {
	const [row] = await product.sql<{ active: number; unsure: number }[]>`
		select (select count(*)::int from demands where status = 'earmarked') as active,
			(select count(*)::int from demands where status = 'open' and reason not in ('INSUFFICIENT_FUNDS', 'UNPROFITABLE', 'RESERVE', 'BELOW_MINIMUM', 'SLIPPAGE')) as unsure`;
	return row?.active === 0 && row.unsure === 0 ? true : null;
}

async function showOne({ stage, random, invoices }: Game): Promise<void> {
	const places = [['10'], ['10', '56'], ['10'], ['10', '1']] as const;
	const destinations = places[random(places.length)] ?? ['10'];
	const origin = ['1', '10', '56'].find((each) => !(destinations as readonly string[]).includes(each)) ?? '1';
	invoices.push(await stage.show({ amount: `${30 + random(120)}`, destinations, origin, discountBps: 200 }));
}

async function change({ stage, ...game }: Game, to: (tokens: number) => number): Promise<void> {
	const id = pick(game);
	const listed = stage.world.everclear.hub.invoices.get(id);
	if (listed === undefined) return;
	await stage.world.everclear.changeAmount(id, hubUnits(`${to(Number(BigInt(listed.amount) / hubUnits('1')))}`));
}

function pick({ random, invoices }: Omit<Game, 'stage'>): Hex {
	const id = invoices[random(invoices.length)];
	assert.ok(id !== undefined, 'there is always an invoice');
	return id;
}

function ignoring({ world }: Stage, rule: (origin: number) => boolean): void {
	world.across.relayer.ignore = (_, origin) => rule(origin);
}

function setLess({ world }: Stage, bps: number): void {
	world.across.relayer.deliverLess = () => bps;
}

async function expireAll({ stage }: Game): Promise<void> {
	for (const { client } of stage.world.chains.values()) await client.increaseTime({ seconds: LONG_AFTER_SECONDS });
}

function breakApi(api: { fault: ApiFaultRule }): void {
	api.fault = times(4, when('GET', /./, broken()));
}

function failing({ world }: Stage, every: number): void {
	let requests = 0;
	for (const { proxy } of world.chains.values()) {
		proxy.fault = () => {
			requests += 1;
			return every > 0 && requests % every === 0 ? 'error' : 'pass';
		};
	}
}

/** Waits for some more lines of the log; when nothing moves any more, that is progress enough. */
async function progress(stage: Stage, lines: number): Promise<void> {
	const before = stage.lines;
	await stage.until('some more lines', async () => (stage.lines >= before + lines ? true : null), QUIET_MS).catch(() => {});
}
