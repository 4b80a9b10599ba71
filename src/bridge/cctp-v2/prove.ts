/** One look at a burn: attested, or still to be waited for. It is never failed, and nothing is remembered between two looks. */
import type { PublicClient } from 'viem';
import { lookAt, receiptOrNull } from '../../chain/look.ts';
import type { Evidence, HopOrder } from '../../leg/order.ts';
import type { Proof } from '../bridge.ts';
import { lookAgainIn } from '../look-again.ts';
import { findAttested } from './attested.ts';
import { type Attestation, attestationOrNull, type Burn, burnOf, withAttestation } from './evidence.ts';
import type { Iris } from './iris.ts';
import { type Mode, secondsOf, THRESHOLDS } from './price.ts';
import { type MintPlace, simulateReception } from './reception.ts';
import type { CctpChain } from './settings.ts';

/** However late it is, looks are never further apart. */
const LATEST_LOOK_MS: Readonly<Record<Mode, number>> = { fast: 60_000, standard: 300_000 };
/** Beyond so many times the usual time and a minute, the origin is asked whether the burn is still there. */
const OVERDUE_TIMES = 3;
const OVERDUE_GRACE_MS = 60_000;

export interface Look {
	readonly iris: Iris;
	readonly here: MintPlace;
	readonly origin: { readonly client: PublicClient; readonly chainId: number; readonly chain: CctpChain };
	/** Unix milliseconds. */
	readonly nowMs: number;
}

/**
 * `evidence` is that of the burn, or an earlier proof that the destination refuses by now. Throws `TransientError` when Iris or a chain
 * does not answer, `BusyError` when Iris is not to be asked for a while.
 */
export async function proveBurn(look: Look, order: HopOrder, evidence: Evidence): Promise<Proof> {
	const burn = burnOf(evidence);
	const held = attestationOrNull(evidence);
	const sight = findAttested(await look.iris.messages(burn.sourceDomain, burn.transactionHash), burn.emitted);
	// Attested anew, it begins to be waited for anew.
	const waitedMs = held === null ? Math.max(0, look.nowMs - burn.sentAtMs) : 0;
	if (sight.state === 'pending') return stillPending(look, burn, { ...sight, waitedMs });
	const { attestation } = sight;
	const isKnown = held?.message === attestation.message && held.attestation === attestation.attestation;
	const refusal = isKnown ? await refusalOf(look, order, attestation) : null;
	if (refusal === null) return { state: 'proven', evidence: withAttestation(evidence, attestation) };
	return { state: 'pending', lookAgainMs: lookIn(look.origin.chain, 'fast', 0), note: noteOf(burn, refusal) };
}

/** Why the destination does not take what Iris still shows, and what is done about it; null when it does take it. */
async function refusalOf({ here, iris }: Look, { sender }: HopOrder, { message, attestation, nonce }: Attestation): Promise<string | null> {
	const reception = await simulateReception(here, { sender, message, attestation });
	if (reception.verdict === 'unsigned') return `is shown with an attestation that the destination refuses: ${reception.reason}`;
	if (reception.verdict !== 'expired') return null;
	const isAccepted = await iris.reattest(nonce);
	return isAccepted ? 'has expired, and is to be attested anew' : 'has expired, and Iris does not attest it anew yet';
}

interface Wait {
	readonly note: string;
	readonly isDelayed: boolean;
	readonly waitedMs: number;
}

async function stillPending(look: Look, burn: Burn, { note, isDelayed, waitedMs }: Wait): Promise<Proof> {
	const { chain } = look.origin;
	// A delayed one waits until its chain is final, as if it had asked for nothing better.
	const mode = burn.threshold === THRESHOLDS.fast && !isDelayed ? 'fast' : 'standard';
	const isOverdue = waitedMs > OVERDUE_TIMES * secondsOf(chain, mode) * 1_000 + OVERDUE_GRACE_MS;
	const gone = isOverdue && !(await isOnChain(look, burn)) ? '; the burn is not on its chain any more: a reorganisation has taken it' : '';
	return { state: 'pending', lookAgainMs: lookIn(chain, mode, waitedMs), note: noteOf(burn, note) + gone };
}

function isOnChain({ origin: { client, chainId } }: Look, { transactionHash }: Burn): Promise<boolean> {
	return lookAt({ name: `transaction ${transactionHash}`, chainId }, async () => (await receiptOrNull(client, transactionHash)) !== null);
}

function lookIn(chain: CctpChain, mode: Mode, waitedMs: number): number {
	return lookAgainIn({ waitedMs, expectedMs: secondsOf(chain, mode) * 1_000, latestMs: LATEST_LOOK_MS[mode] });
}

function noteOf({ transactionHash }: Burn, note: string): string {
	return `the message of burn ${transactionHash} ${note}`;
}
