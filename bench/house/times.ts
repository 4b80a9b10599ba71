/** How long each file of the tests took in the last whole run, as `npm test` leaves it behind. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { ROOT } from './sources.ts';

/** From the project's folder. */
export const TIMES_FILE = '.ballast/test-times.json';

const times = z.object({
	/** When the run ended, as ISO text. */
	endedAt: z.string(),
	/** By path from the project's folder: loading the file, its hooks and its tests, beside whatever else ran. */
	seconds: z.record(z.string(), z.number()),
});
export type Times = z.output<typeof times>;

/** Null when there was no whole run here. Throws when the file is of another shape. */
export function readTimes(file = join(ROOT, TIMES_FILE)): Times | null {
	return existsSync(file) ? times.parse(JSON.parse(readFileSync(file, 'utf8'))) : null;
}
