/** CCTP V2: the attesters sign when they are told to, Iris may say what it likes, and anybody may claim. */
import type { Hex } from 'viem';
import { MESSAGE_SENT } from '../../../sandbox/cctp/abi.ts';
import { nonsense, when } from '../../../sandbox/http/misbehave.ts';
import { eventually } from '../../sandbox/eventually.ts';
import type { OpenStand } from '../stand.ts';

const MESSAGES = /^\/v2\/messages\/\d+$/;
const NEVER_MS = Number.MAX_SAFE_INTEGER / 4;

export const openCctpV2: OpenStand = (world) => {
	const { cctp } = world;
	const { iris } = cctp;
	const { chain: origin, messageTransmitter } = cctp.chain('1');
	const said = (status: string, message: Hex, attestation: string | null) =>
		when(
			'GET',
			MESSAGES,
			nonsense({ messages: [{ status, message, attestation, eventNonce: `0x${'01'.repeat(32)}`, cctpVersion: 2, delayReason: null }] }),
		);
	const isDone = async () => {
		const sent = await origin.client.getLogs({ address: messageTransmitter, event: MESSAGE_SENT, fromBlock: 0n });
		const signed = new Set([...iris.burns.values()].filter((burn) => burn.attested !== null).map((burn) => burn.transactionHash));
		return sent.every((log) => signed.has(log.transactionHash));
	};
	return {
		bridge: 'cctp-v2',
		origin: { venue: origin.id, asset: 'USDC' },
		destination: { venue: '10', asset: 'USDC' },
		amount: '100',
		api: cctp,
		lies: {
			'complete without a message': said('complete', '0x', 'PENDING'),
			'complete with a message of somebody else': said('complete', `0x${'00'.repeat(376)}`, `0x${'11'.repeat(130)}`),
			'no messages at all': when('GET', MESSAGES, nonsense({ messages: [] })),
		},
		fund: (tokenUnits) => world.fund(origin.id, tokenUnits),
		hold() {
			iris.fastMs = NEVER_MS;
			iris.standardMs = NEVER_MS;
		},
		async release() {
			iris.fastMs = 0;
			iris.standardMs = 0;
			await eventually('every burn is attested', isDone);
		},
		claimFirst: async () => {
			for (const burn of iris.burns.values()) await cctp.mintFor(burn);
		},
		async spoil() {
			cctp.setFee(origin.id, '10', { fast: '50', standard: '50' });
		},
	};
};
