/** What is to be done about an attested burn: deliver its message, unless somebody has done so. */
import { encodeFunctionData } from 'viem';
import { finalHead, lookAt } from '../../chain/look.ts';
import type { HopOrder } from '../../leg/order.ts';
import type { Claim } from '../bridge.ts';
import { transmitterAbi } from './abi.ts';
import type { Attestation } from './evidence.ts';
import { type MintPlace, simulateReception } from './reception.ts';

/** Contracts are paused, and accounts blacklisted, for hours. */
const CLOSED_LOOK_AGAIN_MS = 60_000;
const FINAL_LOOK_AGAIN_MS = 5_000;

/** Throws `TransientError` when the destination cannot be asked. */
export async function claimMint(place: MintPlace, order: HopOrder, attested: Attestation): Promise<Claim> {
	const { message, attestation } = attested;
	const reception = await simulateReception(place, { sender: order.sender, message, attestation });
	switch (reception.verdict) {
		case 'accepted': {
			const data = encodeFunctionData({ abi: transmitterAbi, functionName: 'receiveMessage', args: [message, attestation] });
			return { state: 'call', call: { chainId: place.chainId, to: place.transmitter, data, value: 0n } };
		}
		case 'used':
			if (await isUsedFinally(place, attested)) return { state: 'arrived' };
			return {
				state: 'waiting',
				lookAgainMs: FINAL_LOOK_AGAIN_MS,
				note: 'somebody else has delivered the message, which is not final yet',
			};
		case 'expired':
		case 'unsigned':
			return { state: 'stale', note: `the destination refuses the attestation: ${reception.reason}` };
		case 'closed':
			return { state: 'waiting', lookAgainMs: CLOSED_LOOK_AGAIN_MS, note: `the destination takes no message: ${reception.reason}` };
	}
}

/** A delivery by somebody else counts like one of ours: a reorganisation could take it back, and nobody would deliver again. */
function isUsedFinally(place: MintPlace, { nonce }: Attestation): Promise<boolean> {
	const { client, transmitter, chainId } = place;
	return lookAt({ name: `the transmitter ${transmitter}`, chainId }, async () => {
		const blockNumber = await finalHead(place);
		const used = await client.readContract({
			address: transmitter,
			abi: transmitterAbi,
			functionName: 'usedNonces',
			args: [nonce],
			blockNumber,
		});
		return used !== 0n;
	});
}
