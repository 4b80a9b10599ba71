/** Compares what both sides hold, every record and every index, both ways. */
import { answersIn, keepsBoth } from '../rebalances/phase.ts';
import { repair, type Sides } from './bring.ts';
import type { CopyOptions } from './copy.ts';
import { differencesOf } from './differences.ts';
import { type QuarantineCounts, quarantineOf } from './quarantine.ts';
import { pagesOf, STAGES, sizeOf } from './stages.ts';
import { storedPhase } from './stored-phase.ts';

interface VerifyOptions extends Pick<CopyOptions, 'onProgress' | 'bridges'> {
	/** Told of each difference, in words. */
	readonly onDifference: (problem: string) => void;
}

interface VerifyReport {
	readonly differences: number;
	readonly quarantined: QuarantineCounts;
}

/** Changes nothing but what is kept aside. Throws `TransientError` when a side does not answer. */
export async function verifyCache(sides: Sides, { onProgress, onDifference, bridges }: VerifyOptions): Promise<VerifyReport> {
	const phase = storedPhase(await sides.postgres.state());
	const from = answersIn(phase);
	const startedMs = await sides.postgres.now();
	if (keepsBoth(phase)) await repair(sides, from);
	const quarantine = quarantineOf(sides, { bridges });
	let differences = 0;
	for (const stage of STAGES) {
		let seen = 0;
		const total = await sizeOf(sides, { from, stage });
		for await (const { entities } of pagesOf(sides, { from, stage, cursor: null, quarantine })) {
			// What the answering side has was compared before.
			const isOther = stage.endsWith('of the other side');
			const found = (await differencesOf(sides, entities)).filter(({ missing }) => !isOther || missing === from);
			for (const { entity, problem } of found) onDifference(`${entity}: ${problem}`);
			differences += found.length;
			seen += entities.length;
			onProgress({ stage, seen, total });
		}
	}
	return { differences, quarantined: await quarantine.counts(startedMs) };
}
