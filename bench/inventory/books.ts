/** Long books: entries that a seed draws, written as postings that the database accepts, and read again from the first to the last. */
import { once } from 'node:events';
import { sql as statement } from 'drizzle-orm';
import { LEDGER_ACCOUNTS } from '../../src/inventory/moves.ts';
import { type Position, positionKey } from '../../src/inventory/venue.ts';
import { openClient } from '../../src/store/db.ts';
import { type AccountBalance, replayLedger } from '../../src/store/replay.ts';
import { generator, pick, type Random } from '../../test/faults/random.ts';
import { rounded } from '../statistics.ts';
import type { Books } from './field.ts';

export type Entry = AccountBalance & { readonly posting: string };

export interface Replay {
	readonly events: number;
	readonly seconds: number;
	/** With what was drawn, and with what the database itself adds up. */
	readonly identical: boolean;
}

/** By account and position, base units. */
type Balances = ReadonlyMap<string, bigint>;

/** In one transaction. */
const BATCH = 20_000;
/** Without statistics the check of each posting at commit would look through the whole table, so the first few are counted before all others. */
const FIRST_BATCH = 2_000;

/** Only the replay is timed. */
export async function timeReplay(
	{ databaseUrl, db }: Books,
	{ events, seed, positions }: { readonly events: number; readonly seed: number; readonly positions: readonly Position[] },
): Promise<Replay> {
	const drawn = await writeEntries(databaseUrl, drawEntries({ events, positions, random: generator(seed) }));
	const startedMs = performance.now();
	const { entries, balances } = await replayLedger(db);
	const seconds = rounded((performance.now() - startedMs) / 1_000, 2);
	const replayed = new Map(balances.map((each) => [keyOf(each), each.units]));
	const added = await addedUp(db);
	return { events: entries, seconds, identical: entries === events && isSame(replayed, drawn) && isSame(replayed, added) };
}

/**
 * From two to four entries per posting, which sum to zero at each position: a move, one whose fee is kept on the way, or one between two places. Amounts
 * need more than 64 bits. Exactly as many entries as wanted, from two upwards.
 */
export function* drawEntries({
	events,
	positions,
	random,
}: {
	readonly events: number;
	readonly positions: readonly Position[];
	readonly random: Random;
}): Generator<Entry> {
	const drawAmount = () => (BigInt(random(2 ** 32)) << 64n) | (BigInt(random(2 ** 32)) << 32n) | BigInt(1 + random(2 ** 31));
	const drawMove = () => {
		const from = random(LEDGER_ACCOUNTS.length);
		const to = (from + 1 + random(LEDGER_ACCOUNTS.length - 1)) % LEDGER_ACCOUNTS.length;
		return { place: pick(positions, random), from: accountAt(from), to: accountAt(to), units: drawAmount() };
	};
	for (let [left, number] = [events, 1]; left > 0; number += 1) {
		const posting = `00000000-0000-4000-8000-${number.toString(16).padStart(12, '0')}`;
		const { place, from, to, units } = drawMove();
		const [at, there] = [{ posting, ...place }, drawMove()];
		// One entry alone can never sum to zero, so none may be left over.
		const size = left <= 3 ? left : left === 5 ? 2 : 2 + random(3);
		yield { ...at, account: from, units: -units };
		if (size === 3) {
			const fee = units / 1_000n;
			yield { ...at, account: to, units: units - fee };
			yield { ...at, account: 'fees', units: fee };
		} else yield { ...at, account: to, units };
		if (size === 4) {
			yield { posting, ...there.place, account: there.from, units: -there.units };
			yield { posting, ...there.place, account: there.to, units: there.units };
		}
		left -= size;
	}
}

function accountAt(index: number) {
	return LEDGER_ACCOUNTS[index] ?? LEDGER_ACCOUNTS[0];
}

/** Returns what they come to. */
async function writeEntries(databaseUrl: string, entries: Iterable<Entry>): Promise<Balances> {
	const client = openClient(databaseUrl, 1);
	const sums = new Map<string, bigint>();
	let [lines, posting, batch]: [string[], string, number] = [[], '', FIRST_BATCH];
	const write = async () => {
		const copy = await client`copy ledger_entries (posting, event, account, venue, asset, amount, tx) from stdin`.writable();
		copy.end(lines.join(''));
		await once(copy, 'finish');
		if (batch === FIRST_BATCH) await client`analyze ledger_entries`;
		[lines, batch] = [[], BATCH];
	};
	try {
		for (const each of entries) {
			// A posting is whole in its transaction.
			if (lines.length >= batch && each.posting !== posting) await write();
			posting = each.posting;
			sums.set(keyOf(each), (sums.get(keyOf(each)) ?? 0n) + each.units);
			lines.push(`${[posting, 'external', each.account, each.venue, each.asset, each.units, `0x${posting}`].join('\t')}\n`);
		}
		await write();
		return sums;
	} finally {
		await client.end();
	}
}

async function addedUp(db: Books['db']): Promise<Balances> {
	const rows = await db.execute<{ account: AccountBalance['account']; venue: string; asset: string; units: string }>(
		statement`select account, venue, asset, sum(amount)::text as units from ledger_entries group by account, venue, asset`,
	);
	return new Map(rows.map((row) => [keyOf(row), BigInt(row.units)]));
}

function keyOf(place: Pick<AccountBalance, 'account' | 'venue' | 'asset'>): string {
	return `${place.account} ${positionKey(place)}`;
}

function isSame(one: Balances, other: Balances): boolean {
	return one.size === other.size && [...one].every(([key, units]) => other.get(key) === units);
}
