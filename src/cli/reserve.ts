/** Reserves per position: overridden for a reason, ended again, and on record for ever. Amounts are token units. */
import { userInfo } from 'node:os';
import { Command, Option } from 'commander';
import { readEnv } from '../config/env.ts';
import { type Config, loadConfig } from '../config/load.ts';
import { errorText } from '../errors.ts';
import type { Amount } from '../money/amount.ts';
import { formatAmount, parseAmount } from '../money/units.ts';
import {
	endReserveOverride,
	overrideReserve,
	type ReserveOverrideRecord,
	type ReserveReasonCode,
	reserveHistory,
	reserveOverridesInForce,
	reserveReasonCodes,
} from '../store/reserves.ts';
import { durationMs, sentence } from './arguments.ts';
import { tokenAt } from './token-at.ts';
import { withStore } from './with-store.ts';

const HISTORY_SHOWN = 500;
const RUN = 'npm run -s ballast -- reserve';

export function reserve(): Command {
	return new Command('reserve')
		.description('override what must stay at a position, end an override, list them')
		.addCommand(setVerb())
		.addCommand(endVerb())
		.addCommand(listVerb());
}

interface ChangeOptions {
	readonly venue: string;
	readonly asset: string;
	readonly code: ReserveReasonCode;
	readonly reason: string;
	readonly actor: string;
	readonly json?: boolean;
}

function setVerb(): Command {
	return change('set', 'make another amount than the configured one stay at a position, from the next plan on')
		.requiredOption('--amount <tokens>', 'what must stay there, in token units; 0 frees all of it')
		.option('--for <duration>', 'how long, as in 30m, 2h or 7d; until it is ended unless given', durationMs)
		.addHelpText('after', `\nExample:\n  ${RUN} set --venue 10 --asset USDC --amount 0 --code LARGE_INVOICE --reason "worth it" --for 2h`)
		.action(async (options: ChangeOptions & { amount: string; for?: number }, command: Command) => {
			const { venue, asset, code: reasonCode, reason, actor } = options;
			const token = tokenAt(loadConfig(readEnv()), { asset, venue }, command);
			const units = parsed(options.amount, token.decimals, command);
			const expiresAt = options.for === undefined ? null : new Date(Date.now() + options.for).toISOString();
			const row = { venue, asset, reasonCode, reason, actor, expiresAt };
			await withStore(({ db }) => overrideReserve(db, { ...row, amount: units }));
			const amount = formatAmount(units, token.decimals);
			const configured = formatAmount(token.reserve, token.decimals);
			const until = expiresAt === null ? 'until it is ended' : `until ${expiresAt}`;
			say(options, { ...row, amount, configured }, `the reserve of ${asset} at ${venue} is ${amount} instead of ${configured}, ${until}`);
		});
}

function endVerb(): Command {
	return change('end', 'let the configured reserve of a position count again')
		.addHelpText('after', `\nExample:\n  ${RUN} end --venue 10 --asset USDC --code LARGE_INVOICE --reason "it is paid"`)
		.action(async (options: ChangeOptions, command: Command) => {
			const { venue, asset, code: reasonCode, reason, actor } = options;
			const token = tokenAt(loadConfig(readEnv()), { asset, venue }, command);
			const row = { venue, asset, reasonCode, reason, actor };
			await withStore(({ db }) => endReserveOverride(db, row));
			const configured = formatAmount(token.reserve, token.decimals);
			say(options, { ...row, amount: null, configured }, `the reserve of ${asset} at ${venue} is ${configured} again, as configured`);
		});
}

function listVerb(): Command {
	return new Command('list')
		.description('the overrides in force')
		.option('--history', `the latest ${HISTORY_SHOWN} changes, newest first, those that have ended included`)
		.option('--json', 'one JSON line')
		.addHelpText('after', `\nExamples:\n  ${RUN} list\n  ${RUN} list --history --json`)
		.action(async ({ history, json }: { history?: boolean; json?: boolean }) => {
			const config = loadConfig(readEnv());
			const rows = await withStore(
				({ db }): Promise<Listed[]> => (history ? reserveHistory(db, HISTORY_SHOWN) : reserveOverridesInForce(db)),
			);
			const shown = rows.map((row) => ({ ...row, amount: inTokens(config, row) }));
			const none = history ? 'no reserve was ever overridden' : 'no override is in force: every reserve is as configured';
			say({ json }, shown, shown.map(line).join('\n') || none);
		});
}

/** An option set that both changes share. */
function change(name: string, description: string): Command {
	return new Command(name)
		.description(description)
		.requiredOption('--venue <id>', 'chain id')
		.requiredOption('--asset <symbol>', 'as in the configuration')
		.addOption(new Option('--code <code>', 'kind of reason').choices(reserveReasonCodes).makeOptionMandatory())
		.requiredOption('--reason <text>', 'why; kept for ever beside who and when', sentence)
		.option('--actor <name>', 'who', userInfo().username)
		.option('--json', 'one JSON line');
}

type Listed = Omit<ReserveOverrideRecord, 'at'> & { readonly at?: string };

/** Token units; base units, named as such, of a position that the configuration does not know any more. */
function inTokens(config: Config, { asset, venue, amount }: Listed): string | null {
	const decimals = config.assets.get(asset)?.venues.get(venue)?.decimals;
	if (amount === null) return null;
	return decimals === undefined ? `${amount} base units` : formatAmount(amount, decimals);
}

function line({
	venue,
	asset,
	amount,
	reasonCode,
	reason,
	actor,
	expiresAt,
	at,
}: Omit<Listed, 'amount'> & { amount: string | null }): string {
	const what = amount === null ? 'ended' : `${amount} ${expiresAt === null ? 'until it is ended' : `until ${expiresAt}`}`;
	return `${at === undefined ? '' : `${at} `}${asset} at ${venue}: ${what}, by ${actor}, ${reasonCode}: ${reason}`;
}

function say({ json }: { readonly json?: boolean | undefined }, value: object, text: string): void {
	process.stdout.write(`${json === true ? JSON.stringify(value) : text}\n`);
}

function parsed(text: string, decimals: number, command: Command): Amount {
	try {
		return parseAmount(text, decimals);
	} catch (error) {
		return command.error(`error: --amount ${errorText(error)}`);
	}
}
