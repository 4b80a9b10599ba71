/** After the database was lost: what is under way and what was paid is found on the chains, shown, and written on demand. */
import { userInfo } from 'node:os';
import { Command } from 'commander';
import { exchangeKeysOf, readEnv } from '../config/env.ts';
import { type Config, loadConfig } from '../config/load.ts';
import { createApp } from '../create-app.ts';
import { HUB_DECIMALS } from '../money/amount.ts';
import { formatAmount } from '../money/units.ts';
import { createLog } from '../observe/log.ts';
import { type FoundLeg, type FoundPurchase, findUnderWay, type UnderWay } from '../steps/upkeep/find-under-way.ts';
import { type Restored, restoreUnderWay } from '../steps/upkeep/restore-under-way.ts';
import { knownTransactions } from '../store/restore.ts';
import { durationMs, sentence } from './arguments.ts';
import { withStore } from './with-store.ts';

const RUN = 'npm run -s ballast -- rebuild --from-chain';
const AFTER = `
Nothing is written without --apply, which wants the stop switch on, so that nobody pays or moves anything meanwhile.

Examples:
  ${RUN}
  ${RUN} --since 7d --json
  ${RUN} --apply --reason "the database was lost"`;

interface Options {
	readonly fromChain?: boolean;
	readonly since: number;
	readonly apply?: boolean;
	readonly reason?: string;
	readonly actor: string;
	readonly json?: boolean;
}

export function rebuild(): Command {
	return new Command('rebuild')
		.description('find what is under way and what was paid after the database was lost')
		.requiredOption('--from-chain', "from the chains alone: every transaction of Ballast's names its leg")
		.option('--since <duration>', 'how far back: what was mined earlier is taken to have ended', durationMs, durationMs('3d'))
		.option('--apply', 'write what was found; otherwise it is only shown')
		.option('--reason <text>', 'why, with --apply; kept for ever beside who and when', sentence)
		.option('--actor <name>', 'who', userInfo().username)
		.option('--json', 'one JSON line')
		.addHelpText('after', AFTER)
		.action(async (options: Options, command: Command) => {
			const { apply = false, reason, actor, json, since } = options;
			if (apply && reason === undefined) command.error('error: --apply needs --reason: it is kept for ever');
			const env = readEnv();
			const config = loadConfig(env);
			const { found, known, restored } = await withStore(async ({ db }) => {
				const app = createApp({ config, db, log: createLog('silent', 'rebuild'), signerKey: undefined, exchangeKeys: exchangeKeysOf(env) });
				const found = await findUnderWay(app, { sinceMs: app.nowMs() - since, onProgress: tellProgress });
				const hashes = [...found.legs, ...found.purchases].map(({ call }) => call.transactionHash);
				const known = await knownTransactions(db, hashes);
				return { found, known, restored: apply ? await restoreUnderWay(app, found, { actor, reason: reason ?? '' }) : null };
			});
			process.stdout.write(
				json === true ? `${JSON.stringify(plain(found, known, restored))}\n` : `${told(config, { ...found, known, restored })}\n`,
			);
			if (restored !== null && restored.refused.length > 0) process.exitCode = 1;
		});
}

function tellProgress(venue: string, block: bigint, of: bigint): void {
	process.stderr.write(`${venue}: searched up to block ${block} of ${of}\n`);
}

/** Amounts are base units as decimal text. */
function plain(found: UnderWay, known: ReadonlySet<string>, restored: Restored | null) {
	return {
		venues: found.venues.map((each) => ({
			...each,
			fromBlock: `${each.fromBlock}`,
			toBlock: `${each.toBlock}`,
			spent: Number(each.spent),
			unfinished: Number(each.unfinished),
		})),
		legs: found.legs.map(({ legId, bridge, call, order, note }) => ({
			...{ leg: legId, bridge, tx: call.transactionHash, asset: order.origin.asset, origin: order.origin.venue },
			...{ destination: order.destination.venue, send: `${order.send}`, receive: `${order.receive}`, note },
			known: known.has(call.transactionHash),
		})),
		purchases: found.purchases.map(({ earmarkId, call, at, invoiceId, intentId, paid }) => ({
			...{ earmark: earmarkId, tx: call.transactionHash, invoice: invoiceId, intent: intentId, asset: at.asset },
			...{ venue: at.venue, paid: `${paid}`, known: known.has(call.transactionHash) },
		})),
		unclear: found.unclear,
		restored,
	};
}

interface Told extends UnderWay {
	/** The transactions that the database knows. */
	readonly known: ReadonlySet<string>;
	/** Null when nothing was to be written. */
	readonly restored: Restored | null;
}

function told(config: Config, { venues, legs, purchases, unclear, known, restored }: Told): string {
	const mark = ({ call }: FoundLeg | FoundPurchase) => (known.has(call.transactionHash) ? ' (known)' : '');
	return [
		...venues.map(({ venue, fromBlock, toBlock, calls, untagged, unfinished }) => {
			const more = `${untagged === 0 ? '' : `, ${untagged} of them not Ballast's`}${unfinished === 0n ? '' : `, ${unfinished} NOT FINAL YET`}`;
			return `${venue} ${config.chains.get(venue)?.name ?? ''}: ${calls} transactions of ours in blocks ${fromBlock} to ${toBlock}${more}`;
		}),
		`${legs.length} legs under way`,
		...legs.map((leg) => `${legLine(leg)}${mark(leg)}`),
		`${purchases.length} purchases`,
		...purchases.map((purchase) => `${purchaseLine(purchase)}${mark(purchase)}`),
		...unclear.map(({ venue, tx, problem }) => `UNCLEAR ${tx} on ${venue}: ${problem}`),
		restored === null
			? 'nothing was written: see --apply'
			: `written: ${restored.legs} legs, ${restored.purchases} purchases; known before: ${restored.known}`,
		...(restored?.refused ?? []).map(({ tx, problem }) => `REFUSED ${tx}: ${problem}`),
	].join('\n');
}

function legLine({ legId, bridge, order: { origin, destination, send, receive }, note }: FoundLeg): string {
	const amounts = `${formatAmount(send, origin.decimals)} ${origin.asset} from ${origin.venue}, ${formatAmount(receive, destination.decimals)} to ${destination.venue}`;
	return `  ${legId} over ${bridge}: ${amounts}: ${note}`;
}

function purchaseLine({ earmarkId, invoiceId, intentId, amountHub, at }: FoundPurchase): string {
	const invoice = invoiceId === null ? 'an invoice that it does not name' : `invoice ${invoiceId}`;
	return `  ${earmarkId}: ${formatAmount(amountHub, HUB_DECIMALS)} ${at.asset} at ${at.venue} for ${invoice}, as intent ${intentId}`;
}
