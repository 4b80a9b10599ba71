/** The person who is called: looks with the commands of `src/cli`, and acts with them. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { z } from 'zod';
import { bareEnvironment } from '../../../sandbox/servers/environment.ts';
import { until } from '../../product.ts';
import type { Game } from './faults.ts';
import type { ForeignSpend } from './onchain-faults.ts';

const ROOT = new URL('../../..', import.meta.url).pathname;
const COMMANDS = 'src/cli/main.ts';
/** Two rounds of the lane sweeper, which is the last one to notice, and the ten seconds that it wants to be sure. */
const FROZEN_WITHIN_MS = 60_000;
const ALERT = 'lane frozen: foreign nonce';
const REASON = 'sent by hand, and no more to come';

const listed = z.array(
	z.object({
		venue: z.string(),
		signer: z.string(),
		next: z.coerce.number(),
		frozen: z.string().nullable(),
		open: z.array(z.object({ effect: z.string(), nonce: z.coerce.number() })),
	}),
);

/** Waits for the freeze and the alert, names what has spent the nonce, and thaws the lane. What does not happen in time is a complaint. */
export async function settleForeign(game: Game, { venue, nonce, hash }: ForeignSpend): Promise<void> {
	const { sql, alerts, complaints, hear } = game;
	const isFrozen = async () => {
		const [lane] = await sql`select venue from signer_lanes where venue = ${venue} and frozen_reason is not null`.catch(() => []);
		return lane === undefined ? null : true;
	};
	try {
		await until('the lane is frozen', isFrozen, FROZEN_WITHIN_MS);
	} catch {
		complaints.push(`nonce ${nonce} on ${venue} was spent by ${hash}, and the lane is not frozen`);
		return;
	}
	await until('somebody is called', async () => (alerts.some((each) => each.includes(ALERT)) ? true : null)).catch(() =>
		complaints.push(`the lane on ${venue} is frozen, and nobody was called`),
	);
	const lane = listed.parse(JSON.parse(await command(game, 'list'))).find((each) => each.venue === venue);
	if (lane === undefined) throw new Error(`the lane on ${venue} is frozen, and is not in the list`);
	for (const { effect } of lane.open.filter((each) => each.nonce === nonce))
		await command(game, 'cancel', effect, '--spent-by', hash, '--reason', REASON);
	const next = lane.next > nonce ? [] : ['--next', `${nonce + 1}`];
	await command(game, 'thaw', '--venue', venue, '--signer', lane.signer, ...next, '--reason', REASON);
	hear(`the lane on ${venue} was frozen (${lane.frozen}), and a person has thawed it`);
}

/** Answers what it prints. Throws, with what it complains of, when it fails. */
async function command({ crew }: Game, ...args: readonly string[]): Promise<string> {
	const env = { ...bareEnvironment(), ...crew.environment };
	const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', COMMANDS, 'lanes', ...args, '--json'], {
		cwd: ROOT,
		env,
	});
	return stdout;
}
