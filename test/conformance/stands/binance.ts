/** The exchange: it credits and pays when it is told to, and may say what it likes of what it has. */
import { erc20Abi, getAbiItem } from 'viem';
import { nonsense, when } from '../../../sandbox/http/misbehave.ts';
import { eventually } from '../../sandbox/eventually.ts';
import type { OpenStand } from '../stand.ts';

const TRANSFER = getAbiItem({ abi: erc20Abi, name: 'Transfer' });
const DEPOSITS = /\/deposit\/hisrec$/;
const WITHDRAWALS = /\/withdraw\/history$/;
/** An account that may read its history as often as an exam wants to look. */
const UID_PER_MINUTE = 18_000_000;
/** Until a deposit may be withdrawn. */
const CONFIRMATIONS = 3;

export const openBinance: OpenStand = (world) => {
	const { binance } = world;
	if (binance === null) throw new Error('the world has no exchange: start it with { exchange: true }');
	const origin = world.chain('1');
	const { settings } = binance;
	settings.uidPerMinute = UID_PER_MINUTE;
	const arrived = async () => {
		const range = { event: TRANSFER, args: { to: binance.depositAddress('ETH') }, fromBlock: 0n } as const;
		return (await origin.client.getLogs({ address: origin.usdc, ...range })).map(({ transactionHash }) => transactionHash);
	};
	const paid = { insertTime: Date.now(), completeTime: '2026-01-01 00:00:00', confirmTimes: '9/3', unlockConfirm: 3, transferType: 0 };
	const credited = (more: object) =>
		when('GET', DEPOSITS, nonsense([{ ...paid, id: '1', coin: 'USDC', network: 'ETH', address: '0x', status: 1, ...more }]));
	return {
		bridge: 'binance',
		origin: { venue: origin.id, asset: 'USDC' },
		destination: { venue: '10', asset: 'USDC' },
		amount: '100',
		api: {
			...binance.api,
			url: binance.apiUrl,
			get fault() {
				return binance.api.fault;
			},
			set fault(rule) {
				binance.api.fault = rule;
			},
		},
		lies: {
			'credited is a deposit of somebody else': credited({ amount: '100', txId: `0x${'ab'.repeat(32)}` }),
			'credited on another network': credited({ amount: '100', txId: `0x${'ab'.repeat(32)}`, network: 'BSC' }),
			'withdrawn is what nobody asked for': when('GET', WITHDRAWALS, nonsense([])),
		},
		fund: (tokenUnits) => world.fund(origin.id, tokenUnits),
		hold() {
			settings.pending = () => true;
			settings.stuck = () => true;
		},
		async release() {
			settings.pending = () => false;
			settings.stuck = () => false;
			settings.approvalMs = 0;
			settings.processingMs = 0;
			for (let block = 0; block < CONFIRMATIONS; block += 1) await origin.client.mine({ blocks: 1 });
			const isDone = async () =>
				(await arrived()).every((tx) => binance.deposits().some(({ transactionHash }) => transactionHash === tx)) &&
				binance.deposits().every(({ status }) => status !== 0 && status !== 6) &&
				binance.withdrawals().every(({ status }) => status !== 2 && status !== 4);
			await eventually('deposits are credited and withdrawals paid', isDone);
		},
		approves: false,
		asks: true,
		claimFirst: null,
		async spoil() {
			binance.setTerms('USDC', 'OPTIMISM', { withdrawFee: '0.9' });
		},
		follow(nowMs) {
			settings.nowMs = nowMs;
		},
	};
};
