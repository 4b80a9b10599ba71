/** A proof of funds: ledger, chains and accounts at services side by side, and every unit between them named, or not explained. */
import { Command } from 'commander';
import type { Config } from '../config/load.ts';
import { InvariantError } from '../errors.ts';
import { proveFunds } from '../inventory/proof.ts';
import { chainOf, type Position, type VenueId } from '../inventory/venue.ts';
import { formatSigned } from '../money/units.ts';
import { type AccountHolding, lookAtEverything, readAccounts } from '../steps/upkeep/audit.ts';
import { type Facts, type OpenTransfer, readFacts } from '../store/proof.ts';
import { columns } from './columns.ts';
import { withApp } from './with-app.ts';

/** Amounts are token units as decimal text, base units of a position that is not configured any more. */
export interface ShownProof {
	/** Whether every unit is explained, of everything that could be read. */
	readonly proven: boolean;
	readonly entries: number;
	readonly positions: readonly (Position &
		Record<'chain' | 'ledger' | 'open' | 'block', string> & { readonly unexplained: string | null })[];
	readonly accounts: readonly (Position & Record<'account' | 'ledger' | 'rows' | 'unexplained', string>)[];
	/** What chain and ledger do not agree on yet, with the reason. */
	readonly open: readonly (Position & Record<'tx' | 'difference' | 'block', string> & { readonly why: string })[];
	/** Accounts at services, next to what of ours waits there. */
	readonly services: readonly (AccountHolding & { readonly waiting: string })[];
	readonly uneven: readonly Position[];
	/** What could not be read now: it stands as it was read last. */
	readonly unread: readonly { readonly venue: VenueId; readonly problem: string }[];
}

export function prove(): Command {
	return new Command('prove')
		.description('reconcile ledger, chains and accounts to the last unit, and name what is not explained')
		.option('--json', 'one JSON line')
		.addHelpText('after', '\nExit code 0 when every unit is explained, 1 when not.\n\nExample:\n  npm run -s ballast -- inventory prove')
		.action(async ({ json }: { json?: boolean }) => {
			const shown = await withApp('prove', async (app) => {
				const unread = await lookAtEverything(app);
				const services = await readAccounts(app);
				const facts = await app.db.transaction((tx) => readFacts(tx, (entries) => json !== true && tellProgress(entries)), {
					...{ isolationLevel: 'repeatable read', accessMode: 'read only' },
				});
				return shownProof(app.config, facts, { unread, services });
			});
			process.stdout.write(json === true ? `${JSON.stringify(shown)}\n` : `${text(shown)}\n`);
			if (!shown.proven) throw new InvariantError('not every unit is explained');
		});
}

const PROGRESS_EVERY = 100_000;

function tellProgress(entries: number): void {
	if (entries > 0 && entries % PROGRESS_EVERY === 0) process.stderr.write(`${entries} entries of the ledger read\n`);
}

interface Looked {
	readonly unread: ReadonlyMap<VenueId, string>;
	readonly services: readonly AccountHolding[];
}

function shownProof(config: Config, facts: Facts, { unread, services }: Looked): ShownProof {
	const open = [...facts.open, ...unsettledNatives(config, facts)];
	const proof = proveFunds({ ...facts, open, ledger: facts.replayed.balances });
	const inTokens = (at: Position, units: bigint) => formatSigned(units, decimalsAt(config, at));
	const blocks = new Map(facts.seen.map((each) => [`${each.venue} ${each.asset}`, each.block.toString()]));
	const isExplained = (units: bigint | null) => units === null || units === 0n;
	return {
		proven: proof.uneven.length === 0 && [...proof.positions, ...proof.accounts].every(({ unexplained }) => isExplained(unexplained)),
		entries: facts.replayed.entries,
		positions: proof.positions.map(({ venue, asset, ...each }) => {
			const at = { venue, asset };
			const unexplained = each.unexplained === null ? null : inTokens(at, each.unexplained);
			const [chain, ledger, open] = [inTokens(at, each.chain), inTokens(at, each.ledger), inTokens(at, each.open)];
			return { ...at, chain, ledger, open, unexplained, block: blocks.get(`${venue} ${asset}`) ?? '' };
		}),
		accounts: proof.accounts.map(({ account, venue, asset, ...each }) => {
			const at = { venue, asset };
			const [ledger, rows, unexplained] = [inTokens(at, each.units), inTokens(at, each.rows), inTokens(at, each.unexplained)];
			return { account, ...at, ledger, rows, unexplained };
		}),
		open: open.map((each) => {
			const { venue, asset, tx } = each;
			return { venue, asset, tx, block: each.block.toString(), difference: inTokens(each, each.difference), why: whyOpen(each) };
		}),
		services: services.map((each) => ({ ...each, waiting: waitingAt(config, facts, each) })),
		uneven: proof.uneven,
		unread: [...unread].map(([venue, problem]) => ({ venue, problem })),
	};
}

function decimalsAt({ inventory }: Config, { venue, asset }: Position): number {
	const there = inventory.positions.get(chainOf(venue)) ?? [];
	return there.find((each) => each.venue === venue && each.asset === asset)?.decimals ?? 0;
}

/** A chain's own coin leaves no events: what has changed since the settled block is known, and by what is not. */
function unsettledNatives({ inventory }: Config, { seen }: Facts): OpenTransfer[] {
	const natives = [...inventory.positions.values()].flat().filter(({ token }) => token.kind === 'native');
	return seen.flatMap(({ venue, asset, latest, settled, block, openedBlock }) => {
		const isNative = natives.some((each) => each.venue === venue && each.asset === asset);
		if (!isNative || settled === null || openedBlock === null || latest === settled) return [];
		return [{ venue, asset, tx: 'blocks up to the head', block, difference: latest - settled, own: null }];
	});
}

function whyOpen({ own }: OpenTransfer): string {
	return own === null ? 'not ours, and not settled yet' : `ours: ${own}`;
}

/** What hops have brought to the service and have not brought away, in token units per origin. */
function waitingAt(config: Config, { parked }: Facts, { bridge, asset }: AccountHolding): string {
	const there = parked.filter((each) => each.bridge === bridge && each.asset === asset);
	return there.map((each) => `${formatSigned(each.units, decimalsAt(config, each))} from ${each.venue}`).join(', ') || '0';
}

function text({ proven, entries, positions, accounts, open, services, uneven, unread }: ShownProof): string {
	const rows = positions.map((each) => [
		`${each.asset} at ${each.venue}`,
		...[each.chain, each.ledger, each.open, each.unexplained ?? 'books not open', each.block],
	]);
	const ways = accounts.map((each) => [
		`${each.asset} ${each.account} from ${each.venue}`,
		each.rows,
		each.ledger,
		'0',
		each.unexplained,
		'',
	]);
	return [
		...columns([['', 'chain', 'ledger', 'open', 'UNEXPLAINED', 'block'], ...rows, ...ways]),
		...open.map((each) => `open: ${each.difference} ${each.asset} at ${each.venue} by ${each.tx} in block ${each.block}, ${each.why}`),
		...services.map((each) =>
			'problem' in each
				? `${each.bridge} did not say what our account holds of ${each.asset}: ${each.problem}`
				: `${each.bridge} holds ${each.free} ${each.asset} and ${each.locked} locked; of ours waits there: ${each.waiting}`,
		),
		...uneven.map(({ venue, asset }) => `the entries of ${asset} at ${venue} do not come to nothing`),
		...unread.map(({ venue, problem }) => `${venue} could not be read now, and stands as it was read last: ${problem}`),
		`${entries} entries replayed: ${proven ? 'every unit is explained' : 'NOT every unit is explained'}`,
	].join('\n');
}
