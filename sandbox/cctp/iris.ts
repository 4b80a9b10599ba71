/**
 * The attesters behind Iris: they watch the burns of all chains and sign each when it is final enough for what it asks. A fast one
 * that pays too little, or more than there is allowance for, waits like the others; what a reorganisation has taken away before that
 * is forgotten. Iris can be told to be slow, to ignore or delay a burn, to let its signature expire, and to change what it says.
 */
import type { Hex } from 'viem';
import { createLogScan } from '../chains/log-scan.ts';
import { type Poller, startPoller } from '../poller.ts';
import { unitsOf } from '../scale.ts';
import { MESSAGE_SENT } from './abi.ts';
import { type Burn, type Burns, type DelayReason, isOnChain, note } from './burns.ts';
import type { CctpChain } from './deploy.ts';
import { type FeeTable, feeFor } from './fees.ts';
import { fill, filledIn } from './message.ts';

const LOOK_EVERY_MS = 100;
/** A burn that asks for no more than this is fast. */
export const FAST_FINALITY = 1000;
export const STANDARD_FINALITY = 2000;

/** Milliseconds; a function has to answer the same for the same burn, because it is asked at every look. */
type DelayMs = number | ((burn: Burn) => number);

/** How Iris behaves; every change counts from the next look or request on. */
interface IrisSettings {
	/** The attesters' clock, in Unix milliseconds. */
	nowMs: () => number;
	/** From seeing a burn to signing it. */
	fastMs: DelayMs;
	standardMs: DelayMs;
	/** From asking for a new signature to having it. */
	reattestMs: number;
	/** Whole USDC, as text: a fast burn of more is delayed. */
	allowance: string;
	/** Burns that are not known and not signed for as long as this says so. */
	ignore: (burn: Burn) => boolean;
	/** Why a fast burn is delayed; null leaves it to its fee and the allowance. */
	delay: (burn: Burn) => DelayReason | null;
	/** From the destination's block at the signature of a fast burn to the one at which it is accepted no more. */
	expireAfterBlocks: number;
	/** Of the messages of one transaction. */
	order: 'log' | 'reversed';
	/** What is signed and told instead of the message: with this, the attesters lie, and the contract believes them. */
	tamper: (message: Hex) => Hex;
	/** What stands for an attestation that is not there yet. */
	pendingText: string | null;
	/** Whether more than 35 requests a second are refused. */
	enforceLimit: boolean;
	/** For how long everything is refused then. */
	penaltyMs: number;
}

const USUAL: IrisSettings = {
	nowMs: () => Date.now(),
	fastMs: 600,
	standardMs: 2_000,
	reattestMs: 300,
	allowance: '1000000',
	ignore: () => false,
	delay: () => null,
	expireAfterBlocks: 100_000,
	order: 'log',
	tamper: (message) => message,
	pendingText: 'PENDING',
	enforceLimit: false,
	penaltyMs: 300_000,
};

export interface Iris extends IrisSettings {
	readonly burns: Burns;
	readonly poller: Poller;
	/** The chains were taken back: forgets every burn, and behaves as usual again. */
	forget(): Promise<void>;
}

interface Desk {
	readonly burns: Burns;
	readonly settings: IrisSettings;
	readonly fees: FeeTable;
}

export function startIris(chains: readonly CctpChain[], fees: FeeTable): Iris {
	const scans = chains.map((origin) => ({ origin, scan: createLogScan(origin.chain, origin.messageTransmitter, MESSAGE_SENT) }));
	const settings = { ...USUAL };
	const burns: Burns = new Map();
	const look = async () => {
		for (const { origin, scan } of scans) note(burns, { origin, chains, logs: await scan.next(), nowMs: settings.nowMs() });
		for (const [key, burn] of burns) if (!(await attend({ burns, settings, fees }, burn))) burns.delete(key);
	};
	return Object.assign(settings, {
		burns,
		poller: startPoller(LOOK_EVERY_MS, look),
		async forget() {
			burns.clear();
			Object.assign(settings, USUAL);
			await Promise.all(scans.map(({ scan }) => scan.rewind()));
		},
	});
}

/** Takes a burn as far as it goes now. Whether there still is one. */
async function attend({ settings, fees }: Desk, burn: Burn): Promise<boolean> {
	const now = settings.nowMs();
	if (burn.attested !== null) {
		if (burn.signAnewAtMs !== null && now >= burn.signAnewAtMs) signAnew(burn, burn.attested);
		return true;
	}
	const { origin, destination } = burn;
	const { fast, standard } = fees.of({ origin: origin.chain, destination: destination.chain });
	const asksForFast = burn.minFinality <= FAST_FINALITY && fast !== null;
	burn.delayReason = asksForFast ? (settings.delay(burn) ?? usualDelay(settings, burn, feeFor(burn.amount, fast))) : null;
	const isFast = asksForFast && burn.delayReason === null;
	const delayMs = isFast ? settings.fastMs : settings.standardMs;
	if (now < burn.seenAtMs + (typeof delayMs === 'number' ? delayMs : delayMs(burn))) return true;
	if (!(await isOnChain(burn))) return false;
	if (settings.ignore(burn)) return true;
	const fee = feeFor(burn.amount, isFast ? fast : standard);
	burn.attested = fill(burn.sent, {
		nonce: burn.nonce,
		finality: isFast ? FAST_FINALITY : STANDARD_FINALITY,
		// A standard burn that allows less than the fee pays what it allows: it is the contract that asks for a least fee.
		fee: fee > burn.maxFee ? burn.maxFee : fee,
		expirationBlock: isFast ? (await destination.chain.client.getBlockNumber()) + BigInt(settings.expireAfterBlocks) : 0n,
	});
	burn.attestedAtMs = settings.nowMs();
	return true;
}

function usualDelay({ allowance }: IrisSettings, { amount, maxFee, origin }: Burn, fee: bigint): DelayReason | null {
	if (maxFee < fee) return 'insufficient_fee';
	return amount > unitsOf(allowance, origin.chain.decimals) ? 'insufficient_allowance_available' : null;
}

/** As final, and for ever; the fee stays, because the allowance was used. */
function signAnew(burn: Burn, attested: Hex): void {
	const { nonce, fee } = filledIn(attested);
	burn.attested = fill(burn.sent, { nonce, fee, finality: STANDARD_FINALITY, expirationBlock: 0n });
	burn.signAnewAtMs = null;
}
