/** A deposit on chain 1 that is withdrawn on chain 10 or 56, and an exchange that answers what it is told to. */
import {
	type Address,
	encodeAbiParameters,
	encodeEventTopics,
	erc20Abi,
	getAddress,
	type Hash,
	type Hex,
	type Log,
	pad,
	zeroAddress,
	zeroHash,
} from 'viem';
import { settings } from '../../../src/bridge/binance/settings.ts';
import type { ExchangeReads, NetworkTerms } from '../../../src/exchange/exchange.ts';
import type { MinedCall } from '../../../src/leg/call.ts';
import type { BridgeEnd, HopOrder } from '../../../src/leg/order.ts';
import { amount } from '../../../src/money/amount.ts';

const account = (number: Hex): Address => getAddress(pad(number, { size: 20 }));
export const WALLET = account('0x11');
export const STRANGER = account('0x22');
export const TOKENS: Readonly<Record<string, Address>> = { 1: account('0xa1'), 10: account('0xa2'), 56: account('0xa3') };
export const DEPOSITS: Readonly<Record<string, Address>> = { 1: account('0xd1'), 10: account('0xd2'), 56: account('0xd3') };
export const DEPOSIT_TX: Hash = pad('0x01', { size: 32 });
export const WITHDRAW_TX: Hash = pad('0x02', { size: 32 });
export const NOW_MS = 1_760_000_000_000;

export const GIVEN = {
	apiUrl: 'http://exchange.test',
	networks: {
		1: { network: 'ETH', depositAddress: DEPOSITS[1], depositSeconds: 300, withdrawSeconds: 200 },
		10: { network: 'OPTIMISM', depositAddress: DEPOSITS[10], depositSeconds: 30, withdrawSeconds: 20 },
		56: { network: 'BSC', depositAddress: DEPOSITS[56], depositSeconds: 30, withdrawSeconds: 40 },
	},
};
export const SETTINGS = settings.parse(GIVEN);

export function endAt(venue: '1' | '10' | '56', decimals = 6): BridgeEnd {
	return { venue, chainId: Number(venue), asset: 'USDC', token: TOKENS[venue] ?? zeroAddress, decimals };
}

/** 100 USDC, of which 0.1 may be lost. */
export const ORDER: HopOrder = {
	origin: endAt('1'),
	destination: endAt('10'),
	send: amount(100_000_000n),
	receive: amount(99_900_000n),
	seconds: 320,
	sender: WALLET,
	recipient: WALLET,
};

export const TERMS: NetworkTerms = {
	depositEnabled: true,
	withdrawEnabled: true,
	withdrawFee: '0.1',
	withdrawMinimum: '2',
	withdrawMaximum: '1000000',
	withdrawStep: '0.000001',
	depositMinimum: null,
};

/** What it is not told to answer it refuses. */
export function exchangeThat(answers: Partial<ExchangeReads>): ExchangeReads {
	const refuse = () => Promise.reject(new Error('nobody was to ask for this'));
	return {
		nowMs: async () => NOW_MS,
		networks: refuse,
		depositAddress: refuse,
		balance: refuse,
		findDeposit: refuse,
		findWithdrawal: refuse,
		...answers,
	};
}

interface Moved {
	readonly token?: Address;
	readonly from?: Address;
	readonly to?: Address;
	readonly value?: bigint;
}

/** A token's event; the ordered deposit unless told otherwise. */
export function transfer({ token = ORDER.origin.token, from = WALLET, to = DEPOSITS[1] as Address, value = ORDER.send }: Moved = {}): Log {
	return {
		address: token,
		topics: encodeEventTopics({ abi: erc20Abi, eventName: 'Transfer', args: { from, to } }) as [Hex, Hex, Hex],
		data: encodeAbiParameters([{ type: 'uint256' }], [value]),
		...{ blockHash: zeroHash, blockNumber: 7n, blockTimestamp: 0n, logIndex: 0, removed: false },
		...{ transactionHash: DEPOSIT_TX, transactionIndex: 0 },
	};
}

export const minedWith = (...logs: Log[]): MinedCall => ({ transactionHash: DEPOSIT_TX, blockNumber: 7n, logs });
