/**
 * What goes out: approved, sent from the hot wallet, completed once it is mined. Each withdrawal has one nonce for ever, so that it
 * is paid at most once; what a reorganisation takes away is sent again, the same transaction.
 */
import type { LocalChain } from '../chains/chain.ts';
import { scaleDown } from '../scale.ts';
import { EXCHANGE_DECIMALS } from './amount.ts';
import { receivedOf, type Withdrawal, type WithdrawalStatus } from './book.ts';
import type { Desk } from './desk.ts';
import { HOT_WALLET, lookUp, type Payment, pay } from './hot-wallet.ts';
import type { Outcome } from './settings.ts';

/** For so many blocks a payment is watched: deeper than any reorganisation here. */
const WATCHED_BLOCKS = 16n;
const ENDS: Readonly<Record<Exclude<Outcome, 'completed'>, { readonly status: WithdrawalStatus; readonly info: string | null }>> = {
	cancelled: { status: 1, info: null },
	rejected: { status: 3, info: 'The withdrawal was rejected.' },
	failed: { status: 5, info: 'The withdrawal has failed.' },
};

interface WithdrawalDesk {
	/** At this time by the exchange's clock, in Unix milliseconds. */
	look(nowMs: number): Promise<void>;
	/** The chain was taken back: its nonces begin again where they are there. */
	rewind(): Promise<void>;
}

export async function payWithdrawals(desk: Desk, chain: LocalChain): Promise<WithdrawalDesk> {
	const nonceThere = () => chain.client.getTransactionCount({ address: HOT_WALLET });
	let nextNonce = await nonceThere();
	let seenHash = '';
	return {
		async look(nowMs) {
			const { settings, book } = desk;
			const here = book.withdrawals.filter(({ venue }) => venue === chain.id);
			for (const each of here) approve(desk, each, nowMs);
			for (const each of here.filter(({ status, nonce }) => status === 4 && nonce === null)) {
				if (nowMs < each.appliedAtMs + settings.approvalMs + settings.processingMs || settings.stuck(each)) continue;
				if (endEarly(desk, each)) continue;
				each.nonce = nextNonce;
				nextNonce += 1;
			}
			const paid = here.filter(({ nonce, status }) => nonce !== null && (status === 4 || status === 6));
			if (paid.length > 0) seenHash = await follow(desk, { chain, paid, seenHash, nowMs });
		},
		async rewind() {
			nextNonce = await nonceThere();
			seenHash = '';
		},
	};
}

function approve(desk: Desk, withdrawal: Withdrawal, nowMs: number): void {
	const { settings } = desk;
	if (withdrawal.status !== 2 || nowMs < withdrawal.appliedAtMs + settings.approvalMs || settings.stuck(withdrawal)) return;
	if (settings.outcome(withdrawal) === 'failed' || !endEarly(desk, withdrawal)) withdrawal.status = 4;
}

/** Whether it ends before anything is sent. */
function endEarly({ settings }: Desk, withdrawal: Withdrawal): boolean {
	const outcome = settings.outcome(withdrawal);
	if (outcome === 'completed') return false;
	Object.assign(withdrawal, ENDS[outcome]);
	return true;
}

interface Following {
	readonly chain: LocalChain;
	readonly paid: readonly Withdrawal[];
	/** Of the head at the last look. */
	readonly seenHash: string;
	readonly nowMs: number;
}

/** Sends what is not on its way, in the order of the nonces. Returns the head's hash. */
async function follow(desk: Desk, { chain, paid, seenHash, nowMs }: Following): Promise<string> {
	const head = await chain.client.getBlock();
	const watched = paid.filter(({ transactionHash, status, blockNumber }) => {
		if (transactionHash === null || status === 4) return true;
		return head.hash !== seenHash && (blockNumber === null || head.number < blockNumber + WATCHED_BLOCKS);
	});
	for (const each of watched.sort((a, b) => Number(a.nonce) - Number(b.nonce))) {
		const found = each.transactionHash === null ? 'gone' : await lookUp(chain, each.transactionHash);
		if (found === 'waiting') continue;
		if (found === 'gone') each.transactionHash = await pay(chain, paymentOf(desk, chain, each));
		else if (found.status === 'reverted') Object.assign(each, ENDS.failed);
		else {
			Object.assign(each, { status: 6, blockNumber: found.blockNumber });
			each.completedAtMs ??= nowMs;
		}
	}
	return head.hash;
}

function paymentOf({ listings }: Desk, chain: LocalChain, withdrawal: Withdrawal): Payment {
	const listing = listings.find(({ coin, network }) => coin === withdrawal.coin && network === withdrawal.network);
	if (listing === undefined || withdrawal.nonce === null) throw new Error(`withdrawal ${withdrawal.id} cannot be paid`);
	const units = scaleDown(receivedOf(withdrawal), EXCHANGE_DECIMALS, chain.decimals);
	return { token: listing.token, to: withdrawal.address, units, nonce: withdrawal.nonce };
}
