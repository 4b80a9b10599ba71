/**
 * A relayer: watches the deposits of all chains, and pays them out on their destination when they earn at least the fee. Real
 * relayers race each other; here there is one, which can be told to be slow, even too slow, to ignore a deposit, to stand still,
 * or to leave it to a slow fill that brings less. What nobody fills in time is refunded on its origin, unless told otherwise.
 */
import { encodeFunctionData, pad } from 'viem';
import { spokePoolAbi } from '../chains/abi.ts';
import { RELAYER } from '../chains/accounts.ts';
import type { LocalChain } from '../chains/chain.ts';
import { createLogScan } from '../chains/log-scan.ts';
import { type Poller, startPoller } from '../poller.ts';
import { scaleDown } from '../scale.ts';
import { type Deposit, type Deposits, FILLED, FUNDS_DEPOSITED, isPastDeadline, isReserved, note, statusOnChain } from './deposit.ts';
import { type FeeTable, priceOf } from './fees.ts';
import { fillSlowly, refund } from './root-bundle.ts';

const LOOK_EVERY_MS = 150;
const REFUND_DELAY_MS = 500;
const COMMON_DECIMALS = 18;
const BPS = 10_000n;

type DepositRule = (depositId: bigint, originChainId: number) => boolean;

/** How the relayer and the refunds behave; every change counts from the next look on. */
interface RelayerSettings {
	/** From seeing a deposit to filling it. */
	fillDelayMs: number;
	/** Deposits that stay unfilled for as long as this says so. */
	ignore: DepositRule;
	/** Basis points by which a slow fill, out of the pool itself, brings less than ordered; 0 is an ordinary fill. */
	deliverLess: (depositId: bigint, originChainId: number) => number;
	/** Whether an expired deposit is paid back. */
	refunds: boolean;
	/** From seeing that a deposit has expired to paying it back. */
	refundDelayMs: number;
	/** All refunds that are due on an origin in one leaf, which sums those of one depositor; else one leaf each. */
	sumRefunds: boolean;
}

const USUAL: RelayerSettings = {
	fillDelayMs: 0,
	ignore: () => false,
	deliverLess: () => 0,
	refunds: true,
	refundDelayMs: REFUND_DELAY_MS,
	sumRefunds: false,
};

export interface Relayer extends RelayerSettings {
	readonly deposits: Deposits;
	readonly poller: Poller;
	/** Waits until nothing is being sent any more; the poller should stand still. */
	idle(): Promise<void>;
	/** The chains were taken back: forgets every deposit, and behaves as usual again. */
	forget(): Promise<void>;
}

interface Desk {
	readonly deposits: Deposits;
	readonly settings: RelayerSettings;
	readonly fees: FeeTable;
	readonly underWay: Set<Promise<void>>;
}

export function startRelayer(chains: ReadonlyMap<string, LocalChain>, fees: FeeTable): Relayer {
	const scans = [...chains.values()].map((origin) => ({ origin, scan: createLogScan(origin, origin.spokePool, FUNDS_DEPOSITED) }));
	const settings = { ...USUAL };
	const desk: Desk = { deposits: new Map(), settings, fees, underWay: new Set() };
	return Object.assign(settings, {
		deposits: desk.deposits,
		async idle() {
			await Promise.all(desk.underWay);
		},
		async forget() {
			desk.deposits.clear();
			Object.assign(settings, USUAL);
			await Promise.all(scans.map(({ scan }) => scan.rewind()));
		},
		poller: startPoller(LOOK_EVERY_MS, async () => {
			for (const { origin, scan } of scans) {
				for (const log of await scan.next())
					note(desk.deposits, { origin, destination: chains.get(`${log.args.destinationChainId}`), log });
			}
			await attend(desk, [...chains.values()]);
		}),
	});
}

/** Takes every deposit that waits for something as far as it goes now. */
async function attend(desk: Desk, chains: readonly LocalChain[]): Promise<void> {
	const waiting = [...desk.deposits.values()].filter((each) => each.fillTx === null && each.refundTx === null && !each.isBusy);
	if (waiting.length === 0) return;
	const clocks = new Map(await Promise.all(chains.map(async (each) => [each, (await each.client.getBlock()).timestamp] as const)));
	const isExpired = (deposit: Deposit) => isPastDeadline(deposit, clocks.get(deposit.destination) ?? 0n);
	const isOurs = (deposit: Deposit) => !isReserved(deposit, { relayer: RELAYER.address, timestamp: clocks.get(deposit.destination) ?? 0n });
	for (const deposit of waiting.filter((each) => !isExpired(each) && isOurs(each))) fillIfWanted(desk, deposit);
	await Promise.all(waiting.filter(isExpired).map((each) => expire(desk, each)));
	refundDue(desk, waiting);
}

function fillIfWanted({ settings, fees, underWay }: Desk, deposit: Deposit): void {
	if (!isWanted(settings, deposit)) return;
	const { destination, relay, origin } = deposit;
	const lessBps = BigInt(settings.deliverLess(relay.depositId, origin.chainId));
	if (lessBps > 0n) {
		start(underWay, [deposit], async () => {
			deposit.fillTx = await fillSlowly(deposit, (relay.outputAmount * (BPS - lessBps)) / BPS);
		});
	} else if (earnsTheFee(deposit, fees)) {
		start(underWay, [deposit], async () => {
			const hash = await sendFill(deposit);
			await destination.client.mined(hash);
			deposit.fillTx = hash;
		});
	}
}

function isWanted({ ignore, fillDelayMs }: RelayerSettings, { relay, origin, seenAtMs }: Deposit): boolean {
	return Date.now() >= seenAtMs + fillDelayMs && !ignore(relay.depositId, origin.chainId);
}

function earnsTheFee(deposit: Deposit, fees: FeeTable): boolean {
	const { origin, destination, relay } = deposit;
	const { total } = priceOf(deposit, fees.of(deposit), relay.inputAmount);
	const earned =
		scaleDown(relay.inputAmount, origin.decimals, COMMON_DECIMALS) - scaleDown(relay.outputAmount, destination.decimals, COMMON_DECIMALS);
	const isEnough = earned >= scaleDown(total, origin.decimals, COMMON_DECIMALS);
	if (!isEnough) deposit.problem = 'it does not earn the fee';
	return isEnough;
}

/** The deadline has passed. Whoever comes now comes too late: the fill is sent all the same, once, and the contract refuses it. */
async function expire({ settings, fees, underWay }: Desk, deposit: Deposit): Promise<void> {
	if (deposit.expiredAtMs === null) {
		// It may have been filled before, by whomever.
		if ((await statusOnChain(deposit)) === FILLED) return;
		deposit.expiredAtMs = Date.now();
		deposit.problem = 'it has expired';
	}
	if (deposit.lateFillTx !== null || !isWanted(settings, deposit) || !earnsTheFee(deposit, fees)) return;
	start(underWay, [deposit], async () => {
		deposit.lateFillTx = await sendFill(deposit);
		await deposit.destination.client.mined(deposit.lateFillTx);
	});
}

function refundDue({ settings, underWay }: Desk, waiting: readonly Deposit[]): void {
	const due = waiting.filter(
		({ expiredAtMs, isBusy }) => settings.refunds && !isBusy && expiredAtMs !== null && Date.now() >= expiredAtMs + settings.refundDelayMs,
	);
	const origins = [...new Set(due.map((each) => each.origin))];
	const leaves = settings.sumRefunds ? origins.map((origin) => due.filter((each) => each.origin === origin)) : due.map((each) => [each]);
	for (const leaf of leaves) {
		const [first] = leaf;
		if (first === undefined) continue;
		start(underWay, leaf, async () => {
			const hash = await refund(first.origin, leaf);
			for (const each of leaf) each.refundTx = hash;
		});
	}
}

/** Sends; whether it is mined shows later. */
function sendFill({ destination, relay }: Deposit) {
	const args = [relay, BigInt(destination.chainId), pad(RELAYER.address)] as const;
	const data = encodeFunctionData({ abi: spokePoolAbi, functionName: 'fillRelay', args });
	return destination.client.send({ from: RELAYER.address, to: destination.spokePool, data });
}

/** Not waited for, so that one deposit does not hold up the others. What failed is tried again at the next look. */
function start(underWay: Desk['underWay'], deposits: readonly Deposit[], act: () => Promise<void>): void {
	for (const each of deposits) each.isBusy = true;
	const work = act()
		.then(
			() => null,
			(error: unknown) => (error instanceof Error ? error.message : String(error)),
		)
		.then((problem) => {
			for (const each of deposits) Object.assign(each, { isBusy: false, problem });
			underWay.delete(work);
		});
	underWay.add(work);
}
