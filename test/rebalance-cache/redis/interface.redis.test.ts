import { afterAll, beforeAll, it } from 'vitest';
import { describeRebalanceCache } from '../interface.ts';
import { runSameOperations } from '../same-operations.ts';
import { openStands, type Stands } from './stand.ts';

let stands: Stands;
beforeAll(async () => {
	stands = await openStands();
});
afterAll(() => stands.close());

describeRebalanceCache('the cache in Redis', () => stands.open());

it(
	'the cache in Redis answers random operations as a list in memory does',
	() => runSameOperations(() => stands.open(), { runs: 60 }),
	120_000,
);
