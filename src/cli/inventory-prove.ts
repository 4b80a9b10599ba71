/** A proof of funds: ledger, chains and accounts at services side by side, and every unit between them named, or not explained. */
import { Command } from 'commander';
import type { Config } from '../config/load.ts';
import { InvariantError } from '../errors.ts';
import { proveFunds, proveService } from '../inventory/proof.ts';
import { chainOf, type Position, type VenueId } from '../inventory/venue.ts';
import { type Amount, add, amount, HUB_DECIMALS } from '../money/amount.ts';
import { formatAmount, formatSigned, parseAmount, rescale } from '../money/units.ts';
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
	readonly services: readonly (
		| Extract<AccountHolding, { problem: string }>
		| (Extract<AccountHolding, { free: string }> & Record<'waiting' | 'asked' | 'missing' | 'surplus', string>)
	)[];
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
	const atServices = services.map((each) => serviceOf(config, facts, each));
	const isMissing = atServices.some((each) => !('problem' in each) && each.missing !== '0');
	return {
		proven:
			!isMissing &&
			proof.uneven.length === 0 &&
			[...proof.positions, ...proof.accounts].every(({ unexplained }) => isExplained(unexplained)),
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
		services: atServices,
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

/** In token units: next to what the service says, what of ours waits there, what it was asked to bring away, and what does not fit. */
function serviceOf(config: Config, { parked }: Facts, each: AccountHolding): ShownProof['services'][number] {
	if ('problem' in each) return each;
	const there = parked.filter(({ bridge, asset }) => bridge === each.bridge && asset === each.asset);
	const scale = Math.max(HUB_DECIMALS, ...there.map((at) => decimalsAt(config, at)));
	const sumOf = (rows: Facts['parked']) => add(...rows.map((at) => rescale(amount(at.units), decimalsAt(config, at), scale, 'down')));
	const held = add(parseAmount(each.free, scale), parseAmount(each.locked, scale));
	const [waiting, asked] = [sumOf(there.filter(({ isAsked }) => !isAsked)), sumOf(there.filter(({ isAsked }) => isAsked))];
	const { missing, surplus } = proveService({ held, waiting, asked });
	const [inTokens, { bridge, asset, free, locked }] = [(units: Amount) => formatAmount(units, scale), each];
	const ours = { waiting: inTokens(waiting), asked: inTokens(asked), missing: inTokens(missing), surplus: inTokens(surplus) };
	return { bridge, asset, free, locked, ...ours };
}

function tellService(each: ShownProof['services'][number]): string {
	if ('problem' in each) return `${each.bridge} did not say what our account holds of ${each.asset}: ${each.problem}`;
	const { bridge, asset, free, locked, waiting, asked, missing, surplus } = each;
	const odd = [
		...(missing === '0' ? [] : [`; ${missing} of it are MISSING`]),
		...(surplus === '0' ? [] : [`; ${surplus} are there for no leg of ours`]),
	];
	return `${bridge} holds ${free} ${asset} and ${locked} locked; ${waiting} of ours wait there, ${asked} it was asked to bring away${odd.join('')}`;
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
		...services.map(tellService),
		...uneven.map(({ venue, asset }) => `the entries of ${asset} at ${venue} do not come to nothing`),
		...unread.map(({ venue, problem }) => `${venue} could not be read now, and stands as it was read last: ${problem}`),
		`${entries} entries replayed: ${proven ? 'every unit is explained' : 'NOT every unit is explained'}`,
	].join('\n');
}
