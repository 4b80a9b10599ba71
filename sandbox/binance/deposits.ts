/**
 * What comes in. One watcher per chain finds the transfers to deposit addresses, takes a deposit away with the block that a
 * reorganisation has taken, and lets the others ripen: pending, credited but locked, withdrawable. What arrives where deposits are
 * closed, or at the address of another network, is a wrong deposit and not credited.
 */
import { getAbiItem, isAddressEqual, keccak256, slice, toHex } from 'viem';
import { usdcAbi } from '../chains/abi.ts';
import { scaleDown } from '../scale.ts';
import { EXCHANGE_DECIMALS } from './amount.ts';
import type { Deposit } from './book.ts';
import type { Desk } from './desk.ts';
import type { Listing } from './networks.ts';

const TRANSFER = getAbiItem({ abi: usdcAbi, name: 'Transfer' });
/** Blocks that are read again each time: deeper than any reorganisation here. */
const OVERLAP_BLOCKS = 16n;
/** Of a number with about as many digits as Binance's. */
const ID_BYTES = 7;

interface DepositWatch {
	/** At this time by the exchange's clock, in Unix milliseconds. */
	look(nowMs: number): Promise<void>;
	/** Goes on from the present head: what came before is not seen again. */
	rewind(): Promise<void>;
}

export async function watchDeposits(desk: Desk, chain: Listing['chain']): Promise<DepositWatch> {
	let head = await chain.client.getBlock();
	let floor = head.number + 1n;
	const isOurs = ({ venue }: Deposit) => venue === chain.id;
	const ours = () => [...desk.book.deposits.values()].filter(isOurs);
	return {
		async look(nowMs) {
			const next = await chain.client.getBlock();
			if (next.hash !== head.hash) {
				const unripe = ours().flatMap(({ status, blockNumber }) => (status === 0 || status === 6 ? [blockNumber] : []));
				const from = [head.number, next.number, ...unripe].reduce((a, b) => (a < b ? a : b)) - OVERLAP_BLOCKS;
				await read(desk, chain, { from: from > floor ? from : floor, to: next.number, nowMs });
				head = next;
			}
			for (const each of ours()) ripen(desk, each, { head: head.number, nowMs });
		},
		async rewind() {
			head = await chain.client.getBlock();
			floor = head.number + 1n;
		},
	};
}

interface Reading {
	readonly from: bigint;
	readonly to: bigint;
	readonly nowMs: number;
}

async function read(desk: Desk, chain: Listing['chain'], { from, to, nowMs }: Reading): Promise<void> {
	const { listings, book } = desk;
	const here = listings.filter((each) => each.chain === chain);
	const logs = await chain.client.getLogs({
		address: here.map(({ token }) => token),
		event: TRANSFER,
		args: { to: [...new Set(listings.map(({ depositAddress }) => depositAddress))] },
		strict: true,
		fromBlock: from,
		toBlock: to,
	});
	const places = new Map<string, number>();
	const seen = new Set<string>();
	for (const log of [...logs].sort((a, b) => a.logIndex - b.logIndex)) {
		const place = places.get(log.transactionHash) ?? 0;
		places.set(log.transactionHash, place + 1);
		const key = `${chain.id}-${log.transactionHash}-${place}`;
		seen.add(key);
		const known = book.deposits.get(key);
		const listing = here.find(({ token }) => isAddressEqual(token, log.address));
		if (known !== undefined) known.blockNumber = log.blockNumber;
		else if (listing !== undefined) note(desk, key, { listing, log, nowMs });
	}
	for (const [key, deposit] of book.deposits) {
		const isGone = deposit.venue === chain.id && deposit.blockNumber >= from && !seen.has(key);
		// What could be withdrawn already is the exchange's loss.
		if (isGone && deposit.status !== 1) book.deposits.delete(key);
	}
}

interface Sighting {
	readonly nowMs: number;
	readonly listing: Listing;
	readonly log: {
		readonly transactionHash: Deposit['transactionHash'];
		readonly blockNumber: bigint;
		readonly args: { readonly to: Deposit['address']; readonly value: bigint };
	};
}

function note({ book }: Desk, key: string, { listing, log, nowMs }: Sighting): void {
	const { coin, network, chain, depositAddress, terms } = listing;
	const amount = scaleDown(log.args.value, chain.decimals, EXCHANGE_DECIMALS);
	if (amount === 0n) return;
	book.deposits.set(key, {
		...{ id: idOf(key), coin, network, venue: chain.id, address: log.args.to, amount },
		...{ transactionHash: log.transactionHash, blockNumber: log.blockNumber, insertedAtMs: nowMs },
		...{ confirmations: 0, completedAtMs: null },
		status: terms.depositEnable && isAddressEqual(log.args.to, depositAddress) ? 0 : 7,
	});
}

/** The same whenever the deposit comes back. */
const idOf = (key: string): string => `${BigInt(slice(keccak256(toHex(key)), 0, ID_BYTES))}`;

function ripen({ settings, listings }: Desk, deposit: Deposit, { head, nowMs }: { head: bigint; nowMs: number }): void {
	const listing = listings.find(({ coin, network }) => coin === deposit.coin && network === deposit.network);
	if (listing === undefined || deposit.status === 1) return;
	const { minConfirm, unLockConfirm } = listing.terms;
	deposit.confirmations = Math.max(0, Number(head - deposit.blockNumber) + 1);
	if (deposit.status === 0 && deposit.confirmations >= minConfirm && !settings.pending(deposit)) deposit.status = 6;
	if (deposit.status === 6 && deposit.confirmations >= unLockConfirm && !settings.locked(deposit)) {
		deposit.status = 1;
		deposit.completedAtMs = nowMs;
	}
}
