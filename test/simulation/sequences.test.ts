import { expect, it } from 'vitest';
import { loadSimulator } from './load.ts';

/** A fixed small sample; more by `npm run faults`. */
const SEEDS = Array.from({ length: 40 }, (_, index) => 1_000 + index);

it('plays the same seed to the same events, byte for byte', async () => {
	const { playSeed } = await loadSimulator();
	for (const seed of SEEDS.slice(0, 5)) {
		const first = await playSeed(seed);
		expect((await playSeed(seed)).story.join('\n')).toBe(first.story.join('\n'));
	}
});

it('keeps the invariants through whatever invoices, bridges, chains, queues and jobs do', async () => {
	const { playSeed } = await loadSimulator();
	let [legs, faults] = [0, 0];
	for (const seed of SEEDS) {
		const played = await playSeed(seed);
		legs += played.legs;
		faults += played.faults;
	}
	expect(legs / SEEDS.length).toBeGreaterThanOrEqual(5);
	expect(faults / SEEDS.length).toBeGreaterThanOrEqual(5);
}, 120_000);
