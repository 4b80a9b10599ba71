import { beforeEach, describe, expect, it } from 'vitest';
import { createCctpV2 } from '../../../src/bridge/cctp-v2/adapter.ts';
import { PermanentError } from '../../../src/errors.ts';
import { noExchange, uncounted } from '../uncounted.ts';
import {
	attested,
	BURN_TX,
	depositForBurn,
	EVIDENCE,
	emitted,
	MESSENGERS,
	MINT_TX,
	messageReceived,
	messageSent,
	mined,
	mintAndWithdraw,
	ORDER,
	proofWith,
	SETTINGS,
	SIGNATURES,
	TOKENS,
	transfer,
} from './burns.ts';
import { fakeNode, TRUE } from './fake-node.ts';

let requests: string[];
let message: object;
const node = fakeNode(() => TRUE);
const cctp = createCctpV2(SETTINGS, {
	client: () => node.client,
	fetch: async (url) => {
		const { pathname } = new URL(String(url));
		requests.push(pathname);
		if (pathname.startsWith('/v2/messages/')) return Response.json({ messages: [message] });
		return Response.json([
			{ finalityThreshold: 1_000, minimumFee: 1.3 },
			{ finalityThreshold: 2_000, minimumFee: 0 },
		]);
	},
	nowMs: () => 7,
	finalityBlocks: () => 0,
	budget: uncounted,
	exchange: noExchange,
});

beforeEach(() => {
	requests = [];
	node.asked.length = 0;
	message = { message: '0x', attestation: 'PENDING', status: 'pending_confirmations' };
});

describe('one hop over CCTP', () => {
	it('costs one request to send, one per look, one call to claim, and none to verify', async () => {
		const called = (api: string[], rpc: string[]) => {
			expect({ api: requests.splice(0), rpc: node.asked.splice(0) }).toEqual({ api, rpc });
		};
		expect(await cctp.send(ORDER)).toMatchObject({ chainId: 1, to: MESSENGERS[1] });
		called(['/v2/burn/USDC/fees/0/2'], []);

		const evidence = cctp.evidence(ORDER, mined(BURN_TX, [messageSent(emitted()), depositForBurn()]));
		expect(evidence).toEqual({ ...EVIDENCE, sentAtMs: '7' });
		const longAgo = { ...mined(BURN_TX, [messageSent(emitted()), depositForBurn()]), minedAtMs: 3 };
		expect(cctp.evidence(ORDER, longAgo)).toEqual({ ...EVIDENCE, sentAtMs: '3' });
		expect(await cctp.prove(ORDER, evidence)).toMatchObject({ state: 'pending' });
		called(['/v2/messages/0'], []);

		message = { message: attested(), attestation: SIGNATURES, status: 'complete' };
		const proof = await cctp.prove(ORDER, evidence);
		if (proof.state !== 'proven') throw new Error(proof.state);
		called(['/v2/messages/0'], []);

		expect(await cctp.claim(ORDER, proof.evidence)).toMatchObject({ state: 'call' });
		called([], ['eth_call']);

		const claimed = mined(MINT_TX, [transfer(), mintAndWithdraw(), messageReceived()]);
		expect(await cctp.verify(ORDER, proof.evidence, claimed)).toMatchObject({ venue: '10', amount: 999_870_000n });
		called([], []);
	});

	it('spends exactly what is sent, by the messenger of its origin, and claims', () => {
		expect(cctp.claims).toBe(true);
		expect(cctp.spend(ORDER)).toEqual({ token: TOKENS[1], spender: MESSENGERS[1], amount: ORDER.send });
	});

	it('is refused for what is not configured, before anything is asked', async () => {
		const order = { ...ORDER, destination: { ...ORDER.destination, venue: '56', chainId: 56 } };
		for (const asked of [cctp.quote(order), cctp.send(order), cctp.prove(order, EVIDENCE), cctp.claim(order, proofWith())]) {
			await expect(asked).rejects.toBeInstanceOf(PermanentError);
		}
		expect([...requests, ...node.asked]).toEqual([]);
	});
});
