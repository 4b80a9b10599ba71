/** Whether the ledger says of a position what the chain says, to the last unit; what is between them is named, or is not explained. */
import { type Amount, add, subtractToZero } from '../money/amount.ts';
import type { LedgerAccount } from './moves.ts';
import { type Position, positionKey } from './venue.ts';

interface Seen extends Position {
	/** Base units, by the chain at its latest block that was read. */
	readonly latest: bigint;
	readonly openedBlock: bigint | null;
}

interface Entry extends Position {
	readonly account: LedgerAccount;
	readonly units: bigint;
}

interface Known {
	readonly seen: readonly Seen[];
	/** What every account comes to. */
	readonly ledger: readonly Entry[];
	/** By transaction: what the chain says and the ledger does not say yet. */
	readonly open: readonly (Position & { readonly difference: bigint })[];
	/** What is in flight and owed, by the rows of hops and receivables. */
	readonly underWay: readonly Entry[];
}

/** Base units at the position. */
interface ProvenPosition extends Position {
	readonly chain: bigint;
	readonly ledger: bigint;
	/** What the open transactions account for. */
	readonly open: bigint;
	/** `chain − ledger − open`. Null as long as the books of the position have not begun. */
	readonly unexplained: bigint | null;
}

/** Books against rows, of what is neither in a wallet nor spent. */
interface ProvenAccount extends Entry {
	readonly rows: bigint;
	readonly unexplained: bigint;
}

interface ProofOfFunds {
	readonly positions: readonly ProvenPosition[];
	readonly accounts: readonly ProvenAccount[];
	/** Positions at which the entries of all accounts do not come to nothing. */
	readonly uneven: readonly Position[];
}

/** All in one scale: what an account at a service holds, what of ours waits there, and what the service was asked to bring away. */
interface AtService {
	readonly held: Amount;
	readonly waiting: Amount;
	readonly asked: Amount;
}

/** `missing` should be there and is not; `surplus` is there for no leg of ours. What was asked for may still be there or not. */
export function proveService({ held, waiting, asked }: AtService): { readonly missing: Amount; readonly surplus: Amount } {
	return { missing: subtractToZero(waiting, held), surplus: subtractToZero(held, add(waiting, asked)) };
}

const UNDER_WAY: readonly LedgerAccount[] = ['in_flight', 'receivable'];

export function proveFunds({ seen, ledger, open, underWay }: Known): ProofOfFunds {
	const sumAt = (rows: readonly (Position & { readonly units: bigint })[], at: Position) =>
		rows.filter((each) => positionKey(each) === positionKey(at)).reduce((sum, { units }) => sum + units, 0n);
	const wallets = ledger.filter(({ account }) => account === 'wallet');
	const differences = open.map((each) => ({ ...each, units: each.difference }));
	const positions = seen.map((each) => {
		const [booked, between] = [sumAt(wallets, each), sumAt(differences, each)];
		const unexplained = each.openedBlock === null ? null : each.latest - booked - between;
		return { venue: each.venue, asset: each.asset, chain: each.latest, ledger: booked, open: between, unexplained };
	});
	const places = [
		...new Map([...ledger, ...underWay].map(({ venue, asset }) => [positionKey({ venue, asset }), { venue, asset }])).values(),
	];
	const accounts = UNDER_WAY.flatMap((account) =>
		places.flatMap((place) => {
			const of = (rows: readonly Entry[]) =>
				sumAt(
					rows.filter((each) => each.account === account),
					place,
				);
			const [units, rows] = [of(ledger), of(underWay)];
			return units === 0n && rows === 0n ? [] : [{ account, ...place, units, rows, unexplained: rows - units }];
		}),
	);
	return { positions, accounts, uneven: places.filter((place) => sumAt(ledger, place) !== 0n) };
}
