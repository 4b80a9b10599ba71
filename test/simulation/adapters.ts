/** The two bridges as the product sees them: what an adapter says was true when it looked, and may be old news when it is heard. */
import { type Address, encodeFunctionData, parseEventLogs } from 'viem';
import type { BridgeAdapter, Claim, Proof } from '../../src/bridge/bridge.ts';
import { InvariantError } from '../../src/errors.ts';
import type { MinedCall } from '../../src/leg/call.ts';
import type { Delivery, Evidence } from '../../src/leg/order.ts';
import { amount, BASE_UNIT } from '../../src/money/amount.ts';
import { BRIDGES, type BridgeName, claimAbi, DEPOSITS_OF, type Deposit, depositAbi, LEAST, RECEIVER } from './deposits.ts';
import { look } from './moment.ts';
import type { Outside } from './outside.ts';

const LOOK_AGAIN_MS = 1_000;
/** So small that what is needed often takes two routes. */
const MOST = 70n;

export function bridgesOf(outside: Outside): ReadonlyMap<string, BridgeAdapter> {
	return new Map(BRIDGES.map((name) => [name, bridgeOf(outside, name)]));
}

function bridgeOf(outside: Outside, name: BridgeName): BridgeAdapter {
	const fee = outside.fees[name];
	const to = DEPOSITS_OF[name];
	const seen = async <T>(noted: Evidence, what: (deposit: Deposit) => T): Promise<T> => {
		const answer = what(depositOf(outside, noted));
		await look();
		return answer;
	};
	return {
		claims: name === 'claiming',
		async quote({ send }) {
			await look();
			const terms = { fixedFee: amount(fee), feeBps: '0', minimum: amount(LEAST), step: BASE_UNIT, maximum: amount(MOST), seconds: 5 };
			return { send, receive: amount(send > fee ? send - fee : 0n), ...terms, validUntilMs: Number.MAX_SAFE_INTEGER };
		},
		spend: ({ origin, send }) => ({ token: origin.token, spender: to, amount: send }),
		async send({ origin, destination, send }) {
			await look();
			const data = encodeFunctionData({ abi: depositAbi, functionName: 'deposit', args: [send, BigInt(destination.venue)] });
			return { chainId: origin.chainId, to, data, value: 0n };
		},
		evidence: (_order, mined) => ({ tx: mined.transactionHash }),
		prove: (_order, evidence) => seen(evidence, (deposit) => proofOf(deposit, evidence)),
		claim: (order, proof) => seen(proof, (deposit) => claimOf(outside, { deposit, proof, chainId: order.destination.chainId })),
		verify: (_order, proof, claimed) => seen(proof, (deposit) => deliveryOf(deposit, claimed)),
		contracts: (): Address[] => [to, ...(name === 'claiming' ? [RECEIVER] : [])],
		// Nothing is rebuilt in a simulation.
		recover: () => null,
	};
}

function depositOf(outside: Outside, { tx }: Evidence): Deposit {
	const found = outside.deposits.of(tx as Deposit['tx']);
	if (found === undefined) throw new InvariantError(`there is no deposit ${tx}`);
	return found;
}

function proofOf({ state, attestation }: Deposit, evidence: Evidence): Proof {
	switch (state) {
		case 'travelling':
		case 'expired':
			return { state: 'pending', lookAgainMs: LOOK_AGAIN_MS, note: `it is ${state}` };
		case 'attested':
		case 'filled':
			return { state: 'proven', evidence: { ...evidence, attestation: attestation.toString() } };
		case 'refunded':
			return { state: 'returned', evidence };
	}
}

function claimOf(outside: Outside, { deposit, proof, chainId }: { deposit: Deposit; proof: Evidence; chainId: number }): Claim {
	const { state, attestation, tx, destination } = deposit;
	if (state === 'filled') return { state: 'arrived' };
	if (state !== 'attested' || proof.attestation !== attestation.toString()) return { state: 'stale', note: 'the attestation has expired' };
	if (outside.deposits.paused.has(destination)) return { state: 'waiting', lookAgainMs: LOOK_AGAIN_MS, note: 'claims are paused' };
	const data = encodeFunctionData({ abi: claimAbi, functionName: 'claim', args: [tx, attestation] });
	return { state: 'call', call: { chainId, to: RECEIVER, data, value: 0n } };
}

function deliveryOf({ tx, state, origin, destination, paid, outTx, outBlock }: Deposit, claimed: MinedCall | null): Delivery {
	if (claimed === null) {
		if (outTx === '0x') throw new InvariantError(`nothing has come of deposit ${tx} yet`);
		return { venue: state === 'filled' ? destination : origin, amount: amount(paid), transactionHash: outTx, blockNumber: outBlock };
	}
	const events = parseEventLogs({ abi: claimAbi, logs: [...claimed.logs] });
	const event = events.find(({ args }) => args.deposit === tx);
	if (event === undefined) throw new InvariantError(`${claimed.transactionHash} has not claimed deposit ${tx}`);
	const { transactionHash, blockNumber } = claimed;
	return { venue: destination, amount: amount(event.args.amount), transactionHash, blockNumber };
}
