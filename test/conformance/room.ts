/**
 * Where a bridge is examined: the local world, a database of its own, and one hop that is taken on by the product's own steps, without
 * queues and workers. Time passes only when it is told to, and then for the product and for what its database remembers.
 */
import assert from 'node:assert/strict';
import postgres from 'postgres';
import type { World } from '../../sandbox/world.ts';
import type { BridgeAdapter } from '../../src/bridge/bridge.ts';
import { resolveConfig } from '../../src/config/load.ts';
import { fileSchema } from '../../src/config/schema.ts';
import { BusyError, errorText, TransientError } from '../../src/errors.ts';
import type { Leg } from '../../src/leg/leg.ts';
import { parseAmount } from '../../src/money/units.ts';
import type { Outcome } from '../../src/outcome.ts';
import { readLeg } from '../../src/store/legs.ts';
import { eventually } from '../sandbox/eventually.ts';
import { act, dueStep, type Ends, endsOf, planHop, quoted } from './hop.ts';
import { type Process, startProcess } from './process.ts';
import type { OpenStand, Stand } from './stand.ts';
import { type Movements, movementsSince, type Opening, openingOf, problemsOfDelivery, problemsOfRefusal } from './verdict.ts';
import { tapWire, type Wire } from './wire.ts';

/** What all rooms share. */
export interface Hall {
	readonly world: World;
	/** A migrated database of its own. */
	database(): Promise<string>;
}

export interface RoomOptions {
	readonly finalityBlocks?: number;
	/** Stands in for the registry's adapter. */
	readonly adapt?: (adapter: BridgeAdapter) => BridgeAdapter;
}

type DueStep = NonNullable<ReturnType<typeof dueStep>>;

export interface Room {
	readonly world: World;
	readonly stand: Stand;
	readonly wire: Wire;
	readonly sql: postgres.Sql;
	readonly ends: Ends;
	/** Another process. */
	enter(): Process;
	/** Funds the wallet and plans the hop; token units, an ordinary send unless told otherwise. */
	begin(tokenUnits?: string): Promise<void>;
	leg(): Promise<Leg>;
	/**
	 * Does what is due and lets the time pass that it asks for. Answers null when it could not be done now; throws whatever a worker would
	 * not simply try again.
	 */
	step(process: Process): Promise<Outcome | null>;
	/** Steps until this is what is due next, or the leg has ended; null for its end, with nothing open behind it. */
	goTo(due: DueStep | null, process?: Process): Promise<void>;
	/** From now on nobody proves anything, until `release`. */
	hold(): void;
	release(): Promise<void>;
	pass(ms: number): Promise<void>;
	movements(): Promise<Movements>;
	/** Throws with every problem unless the hop was sent once and delivered once, and nothing is left behind. */
	expectDelivered(): Promise<void>;
	/** Throws with every problem unless the leg has ended and nothing has left. */
	expectNothingLeft(): Promise<void>;
	close(): Promise<void>;
}

/** As a worker's backoff, and as it waits after a twin was faster. */
const TRY_AGAIN_MS = 500;
const WITHIN_MS = 20_000;

/** Opens a room in the world as it was at its start; one at a time. */
export async function openRoom({ world, database }: Hall, openStand: OpenStand, options: RoomOptions = {}): Promise<Room> {
	const { finalityBlocks = 0, adapt = (adapter) => adapter } = options;
	await world.reset();
	const stand = openStand(world);
	const databaseUrl = await database();
	const config = resolveConfig(fileSchema.parse(world.config({ bridges: [stand.bridge], finalityBlocks })));
	const ends = endsOf({ config }, stand);
	const processes: Process[] = [];
	let passedMs = 0;
	const nowMs = () => Date.now() + passedMs;
	stand.follow?.(nowMs);
	const enter = (): Process => {
		const process = startProcess({ world, databaseUrl, config, bridge: stand.bridge, nowMs, adapt });
		processes.push(process);
		return process;
	};
	const first = enter();
	const sql = postgres(databaseUrl, { max: 1, onnotice: () => {} });
	const endpoints = [...[...world.chains.values()].map(({ url }) => url), ...(stand.api === null ? [] : [stand.api.url])];
	const wire = tapWire((url) => endpoints.some((endpoint) => url.startsWith(endpoint)));
	let legId = '';
	let opening: Opening | null = null;
	let isHeld = false;
	let last = 'nothing was done';
	const opened = (): Opening => opening ?? assert.fail('the hop has not begun');
	const hearing = async () => ({ world, process: first, sql, ends, opening: opened(), leg: await room.leg() });
	const room: Room = {
		...{ world, stand, wire, sql, ends, enter },
		async begin(tokenUnits = stand.amount) {
			await stand.fund(tokenUnits);
			opening = await openingOf(world, ends);
			legId = await planHop(first, stand, await quoted(first, stand, parseAmount(tokenUnits, ends.origin.decimals)));
		},
		leg: () => readLeg(first.app.db, legId),
		async step(process) {
			const due = dueStep(await room.leg());
			// So that one look is enough, unless somebody wants to see it wait.
			if ((due === 'prove' || due === 'claim') && !isHeld) await stand.release();
			try {
				const outcome = await act(process, legId);
				last = JSON.stringify(outcome);
				if (outcome.kind === 'snooze') await room.pass(outcome.delayMs);
				return outcome;
			} catch (error) {
				if (!(error instanceof TransientError)) throw error;
				last = errorText(error);
				await room.pass(error instanceof BusyError ? error.retryAfterMs : TRY_AGAIN_MS);
				return null;
			}
		},
		goTo: (due, process = first) =>
			eventually(
				`the hop ${due === null ? 'has ended' : `waits to ${due}`}`,
				async () => {
					const before = dueStep(await room.leg());
					if (due !== null && (before === due || before === null)) return true;
					const outcome = await room.step(process);
					return before === null && outcome?.kind === 'done';
				},
				WITHIN_MS,
			).catch((error: unknown) => {
				throw new Error(`${errorText(error)} (${last})`, { cause: error });
			}),
		hold() {
			isHeld = true;
			stand.hold();
		},
		async release() {
			isHeld = false;
			await stand.release();
		},
		async pass(ms) {
			passedMs += ms;
			// The database has a clock of its own, so what it remembers ages instead.
			await sql`update attempts set broadcast_at = broadcast_at - ${ms} * interval '1 millisecond'`;
			await sql`update request_budgets set next_at = next_at - ${ms} * interval '1 millisecond'`;
			if (finalityBlocks > 0) for (const { venue } of [ends.origin, ends.destination]) await world.chain(venue).client.mine({ blocks: 1 });
		},
		movements: () => movementsSince(opened(), world, ends),
		expectDelivered: async () => expectNone(await problemsOfDelivery(await hearing())),
		expectNothingLeft: async () => expectNone(await problemsOfRefusal(await hearing())),
		async close() {
			wire.restore();
			for (const { proxy } of world.chains.values()) proxy.fault = () => 'pass';
			if (stand.api !== null) stand.api.fault = () => undefined;
			await Promise.all([...processes.map((process) => process.die()), sql.end()]);
		},
	};
	return room;
}

function expectNone(problems: readonly string[]): void {
	if (problems.length > 0) throw new Error(problems.join('\n'));
}
