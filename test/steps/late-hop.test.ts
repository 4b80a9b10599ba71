import { afterEach, beforeEach, expect, it } from 'vitest';
import type { App } from '../../src/app.ts';
import type { Proof } from '../../src/bridge/bridge.ts';
import { TransientError } from '../../src/errors.ts';
import { proveHop } from '../../src/steps/leg/prove-hop.ts';
import { openLane } from '../../src/store/lanes.ts';
import { readLegsOf } from '../../src/store/legs.ts';
import { readBreakers } from '../../src/store/route-breakers.ts';
import { bringLegTo, earmarked, hopOf, SIGNER } from '../store/fixture.ts';
import { type PlanningStand, startPlanning } from './planning-stand.ts';

let stand: PlanningStand;
beforeEach(async () => {
	stand = await startPlanning();
	for (const venue of ['1', '10']) await openLane(stand.store.db, { venue, signer: SIGNER, next: 0n });
});
afterEach(() => stand.stop());

/** A leg that was sent so many seconds ago, five of which were promised. */
async function sent(secondsAgo: number): Promise<string> {
	const { earmarkId } = await earmarked(stand.store.db, 1);
	const [leg] = await readLegsOf(stand.store.db, earmarkId);
	await bringLegTo(stand.store.db, leg?.id ?? '', 'in_flight');
	await stand.sql.begin(async (sql) => {
		await sql`select set_config('ballast.actor', 'test', true), set_config('ballast.reason', 'test', true)`;
		await sql`update hops set updated_at = now() - ${secondsAgo} * interval '1 second' where leg_id = ${leg?.id ?? ''}`;
	});
	return leg?.id ?? '';
}

async function looked(legId: string, prove: () => Promise<Proof>): Promise<void> {
	const bridges = new Map([...stand.app.bridges].map(([name, bridge]) => [name, { ...bridge, prove }]));
	const app: App = { ...stand.app, bridges };
	await proveHop(app, { legId, hop: 0 }).catch(() => {});
}

const pending = async (): Promise<Proof> => ({ state: 'pending', lookAgainMs: 1_000, note: 'not there yet' });
const isLate = async (legId: string) => (await hopOf(stand.store.db, legId)).hop.lateAt !== null;
const lates = async () => (await readBreakers(stand.store.db)).get('across-1-10-USDC')?.lates ?? 0;

it('a hop that is still under way counts against its route once, when a look finds it pending', async () => {
	const [inTime, late] = [await sent(120), await sent(140)];
	await looked(inTime, pending);
	expect([await isLate(inTime), await lates()]).toEqual([false, 0]);
	await looked(late, pending);
	await looked(late, pending);
	expect([await isLate(late), await lates()]).toEqual([true, 1]);
});

it('a hop does not count as long as nobody could look: a look that fails says nothing', async () => {
	const late = await sent(140);
	await looked(late, () => Promise.reject(new TransientError('the bridge does not answer')));
	expect([await isLate(late), await lates()]).toEqual([false, 0]);
});
