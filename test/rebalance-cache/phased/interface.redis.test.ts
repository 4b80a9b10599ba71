import { afterAll, beforeAll, expect, it } from 'vitest';
import { PHASES } from '../../../src/rebalances/phase.ts';
import { describeRebalanceCache } from '../interface.ts';
import { runSameOperations } from '../same-operations.ts';
import { MIDDLE, openStands, type Stands } from './stand.ts';

let stands: Stands;
beforeAll(async () => {
	stands = await openStands();
});
afterAll(() => stands.close());

for (const phase of PHASES) {
	describeRebalanceCache(`the cache in phase ${phase}`, () => stands.openIn(() => phase), { manyRows: 1_000 });
}

/** The same phases for the same sequence, so that a failing one shrinks. */
function inTurn() {
	let calls = 0;
	return () => {
		calls += 1;
		return MIDDLE[(calls * 7 + (calls >> 2)) % MIDDLE.length] ?? 'dual-write';
	};
}

it(
	'answers as a list in memory does when every call goes through another middle phase',
	() => runSameOperations(() => stands.openIn(inTurn()), { runs: 12 }),
	240_000,
);

it('and when connections are cut in the middle of calls', async () => {
	let cuts = 0;
	const before = async (index: number) => {
		if (index % 3 !== 1) return;
		cuts += 1;
		setImmediate(() => void stands.cut().catch(() => {}));
	};
	await runSameOperations(() => stands.openIn(inTurn()), { runs: 5, before });
	expect(cuts).toBeGreaterThan(0);
}, 240_000);
