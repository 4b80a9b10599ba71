/**
 * What one leg makes: round trips to the database, bytes of its write-ahead log, and requests to the chains, of the whole product together.
 * What scheduler and workers make while nothing is to be done is measured before, and left out by the time that the legs have taken.
 */
import { setTimeout as pause } from 'node:timers/promises';
import postgres from 'postgres';
import { openSwap } from '../../test/conformance/stands/swap.ts';
import { requests } from '../bridges/protocol.ts';
import { rounded } from '../statistics.ts';
import { openDurable } from './durable.ts';
import type { Ground } from './ground.ts';
import type { Planned } from './legs.ts';
import { openWire } from './wire.ts';

export interface Counts {
	readonly sqlRoundTrips: number;
	readonly walBytes: number;
	readonly rpcCalls: number;
}

/** The first ones open lanes and connections, and let the database plan its statements. */
const WARM_UP = 8;
const LEGS = 20;
/** Several times what the slowest of the loops that matter waits between two looks. */
const IDLE_MS = 6_000;

export async function countPerLeg(ground: Ground): Promise<Counts> {
	const wire = await openWire(ground.serverUrl);
	const sql = postgres(ground.serverUrl, { max: 1, onnotice: () => {} });
	const read = async (): Promise<Counts> => {
		const [row] = await sql<{ bytes: string }[]>`select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0') as bytes`;
		return { sqlRoundTrips: wire.trips, walBytes: Number(row?.bytes), rpcCalls: requests(ground.world) };
	};
	const made = async (work: () => Promise<void>): Promise<Counts & { readonly ms: number }> => {
		const [before, startedMs] = [await read(), performance.now()];
		await work();
		const [after, ms] = [await read(), performance.now() - startedMs];
		return { ...less(after, before, 1), ms };
	};
	const durable = await openDurable(ground, { bridges: ['swap'], through: wire.through });
	try {
		const stand = openSwap(ground.world);
		const planned: Planned[] = [];
		for (let leg = 0; leg < WARM_UP; leg += 1) await durable.time(await durable.plan(stand));
		for (let leg = 0; leg < LEGS; leg += 1) planned.push(await durable.plan(stand));
		const idle = await made(() => pause(IDLE_MS));
		const legs = await made(async () => {
			for (const each of planned) await durable.time(each);
		});
		const { sqlRoundTrips, walBytes, rpcCalls } = less(legs, idle, legs.ms / idle.ms);
		const perLeg = (count: number, digits: number) => rounded(count / LEGS, digits);
		return { sqlRoundTrips: perLeg(sqlRoundTrips, 1), walBytes: perLeg(walBytes, 0), rpcCalls: perLeg(rpcCalls, 1) };
	} finally {
		await durable.product.stop();
		await sql.end();
		await wire.stop();
	}
}

function less(counts: Counts, other: Counts, times: number): Counts {
	return {
		sqlRoundTrips: counts.sqlRoundTrips - other.sqlRoundTrips * times,
		walBytes: counts.walBytes - other.walBytes * times,
		rpcCalls: counts.rpcCalls - other.rpcCalls * times,
	};
}
