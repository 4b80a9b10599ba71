import { encodeFunctionData, erc20Abi, type Hash, type Hex, multicall3Abi, pad, slice } from 'viem';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { RIVAL, SOLVER } from '../../../sandbox/chains/accounts.ts';
import { MULTICALL3 } from '../../../sandbox/chains/client.ts';
import { lose, refuse, times, tooMany, when } from '../../../sandbox/http/misbehave.ts';
import type { World } from '../../../sandbox/world.ts';
import type { BridgeAdapter, Claim, Proof } from '../../../src/bridge/bridge.ts';
import { BusyError, PermanentError, TransientError } from '../../../src/errors.ts';
import { amount } from '../../../src/money/amount.ts';
import { eventually } from '../../sandbox/eventually.ts';
import { FAST_FEE, FAST_MS, type Local, openLocal, REATTEST_MS, SEND, type Sent, STANDARD_MS, stored } from './local.ts';

let local: Local;
let world: World;
let cctp: BridgeAdapter;
beforeAll(async () => {
	local = await openLocal();
	({ world, cctp } = local);
});
afterAll(() => world.stop());
beforeEach(() => local.reset());

const noteOf = (answer: Proof | Claim) => ('note' in answer ? answer.note : answer.state);

describe('CCTP on local chains', () => {
	it('goes fast for a fee, and delivers exactly what was promised', async () => {
		expect(await local.quote()).toMatchObject({ feeBps: '1.3', receive: SEND - FAST_FEE, seconds: 2, maximum: 1_000_000_000_000n });
		const { sent, proof } = await local.provenFast();
		expect(sent.evidence.threshold).toBe('1000');
		expect(await local.delivered(sent.order, proof)).toMatchObject({
			state: 'call',
			delivery: { venue: '10', amount: SEND - FAST_FEE },
			gained: SEND - FAST_FEE,
		});
		expect(await world.balanceOf('1', SOLVER.address)).toBe(9_900_000_000n);
	});

	it('goes slowly for nothing where the allowance does not cover it, or nothing goes fast', async () => {
		world.cctp.iris.allowance = '99.999999';
		expect(await local.quote()).toMatchObject({ feeBps: '0', receive: SEND, seconds: 8, maximum: 10_000_000_000_000n });
		world.cctp.setFee('1', '10', { fast: null });
		const sent = await local.burned();
		expect(sent.evidence.threshold).toBe('2000');
		await local.isSeen(sent);
		local.clockMs += STANDARD_MS - 1;
		expect(await local.prove(sent)).toMatchObject({ state: 'pending' });
		local.clockMs += 1;
		expect(await local.delivered(sent.order, await local.proven(sent))).toMatchObject({ delivery: { amount: SEND }, gained: SEND });
	});

	it('waits like a slow one when a fast one is delayed, and says why', async () => {
		world.cctp.iris.delay = () => 'insufficient_allowance_available';
		const sent = await local.burned();
		await local.isSeen(sent);
		await eventually('it is delayed', async () => noteOf(await local.prove(sent)).includes('delayed: insufficient_allowance_available'));
		local.clockMs += STANDARD_MS;
		const proof = await local.proven(sent);
		expect(proof).toMatchObject({ expirationBlock: '0', feeExecuted: '0' });
		expect(await local.delivered(sent.order, proof)).toMatchObject({ delivery: { amount: SEND } });
	});

	it('goes slowly when the fast fee has risen since the plan, and not at all when both have', async () => {
		const order = await local.ordered();
		world.cctp.setFee('1', '10', { fast: '1.4' });
		const sent = await local.burned(order);
		expect(sent.evidence.threshold).toBe('2000');
		world.cctp.setFee('1', '10', { standard: '1.31' });
		await expect(cctp.send(order)).rejects.toThrow(PermanentError);
	});

	it('takes what the minter burns at once, and refuses a token that it does not burn', async () => {
		await world.cctp.setBurnLimit('1', '50');
		expect(await local.quote()).toMatchObject({ maximum: 50_000_000n });
		await world.cctp.setBurnLimit('1', '0');
		await expect(local.quote()).rejects.toThrow(/is not burned/);
		await expect(
			cctp.quote({ origin: local.end('1'), destination: local.end('56'), send: SEND, recipient: SOLVER.address }),
		).rejects.toThrow(PermanentError);
	});
});

describe('an attestation that is not accepted any more', () => {
	it('is replaced when it has expired, by whichever process comes next', async () => {
		world.cctp.iris.expireAfterBlocks = 2;
		const { sent, proof } = await local.provenFast();
		expect(await cctp.claim(sent.order, proof)).toMatchObject({ state: 'call' });
		await world.chain('10').client.mine({ blocks: 2 });
		expect(await cctp.claim(sent.order, proof)).toMatchObject({ state: 'stale', note: expect.stringMatching(/must be re-signed/) });

		const again = { order: sent.order, evidence: proof };
		world.cctp.fault = times(1, when('POST', /reattest/, refuse(400)));
		expect(await local.prove(again)).toMatchObject({ state: 'pending', note: expect.stringMatching(/does not attest it anew yet/) });
		expect(await local.prove(again)).toMatchObject({ state: 'pending', note: expect.stringMatching(/is to be attested anew/) });
		local.clockMs += REATTEST_MS;
		const anew = await local.proven(again);
		expect(anew).toMatchObject({ ...sent.evidence, nonce: proof.nonce, expirationBlock: '0' });
		expect(await local.delivered(sent.order, anew)).toMatchObject({ state: 'call', gained: SEND - FAST_FEE });
	});

	it('is replaced when its signatures are refused', async () => {
		const { sent, proof } = await local.provenFast();
		const [first, second] = [slice(proof.attestation as Hex, 0, 65), slice(proof.attestation as Hex, 65)];
		const wrong = { ...proof, attestation: `${second}${first.slice(2)}` };
		expect(await cctp.claim(sent.order, wrong)).toMatchObject({
			state: 'stale',
			note: expect.stringMatching(/Invalid signature order or dupe/),
		});
		expect(await local.prove({ order: sent.order, evidence: wrong })).toEqual({ state: 'proven', evidence: proof });
	});
});

describe('a message that somebody else delivers', () => {
	const deliver = async ({ hash }: Sent): Promise<Hash> => {
		const [burn] = world.cctp.burnsOf(hash);
		if (burn === undefined) throw new Error('the attesters do not know the burn');
		return world.cctp.mintFor(burn, RIVAL.address);
	};

	it('has arrived once that is final, with its amount and fee', async () => {
		const { sent, proof } = await local.provenFast();
		const transactionHash = await deliver(sent);
		local.finalityBlocks = 2;
		expect(await cctp.claim(sent.order, proof)).toMatchObject({ state: 'waiting', note: expect.stringMatching(/not final yet/) });
		await world.chain('10').client.mine({ blocks: 2 });
		expect(await cctp.claim(sent.order, proof)).toEqual({ state: 'arrived' });
		const { client } = world.chain('10');
		const { blockNumber } = await client.getTransactionReceipt({ hash: transactionHash });
		expect(await cctp.verify(sent.order, proof, null)).toEqual({ venue: '10', amount: SEND - FAST_FEE, transactionHash, blockNumber });
	});

	it('has arrived by another attestation than ours, which had expired', async () => {
		world.cctp.iris.expireAfterBlocks = 1;
		const { sent, proof } = await local.provenFast();
		await world.chain('10').client.mine({ blocks: 1 });
		await local.prove({ order: sent.order, evidence: proof });
		local.clockMs += REATTEST_MS;
		await local.proven({ order: sent.order, evidence: proof });
		await deliver(sent);
		expect(await cctp.claim(sent.order, proof)).toEqual({ state: 'arrived' });
		expect(await cctp.verify(sent.order, proof, null)).toMatchObject({ amount: SEND - FAST_FEE });
	});
});

describe('several burns', () => {
	it('of one amount in one block are told apart by their transactions', async () => {
		const order = await local.ordered();
		await local.approve({ ...order, send: amount(2n * SEND) });
		const { client } = world.chain('1');
		await client.setAutomine(false);
		const hashes: Hash[] = [];
		for (let count = 0; count < 2; count += 1) hashes.push(await client.send({ from: SOLVER.address, ...(await cctp.send(order)) }));
		await client.mine({ blocks: 1 });
		await client.setAutomine(true);
		const mined = await Promise.all(hashes.map((hash) => client.mined(hash)));
		const sent = mined.map((each) => ({ order, evidence: stored(cctp.evidence(order, each)), hash: each.transactionHash }));
		for (const each of sent) await local.isSeen(each);
		local.clockMs += FAST_MS;
		const proofs = await Promise.all(sent.map(local.proven));
		expect(new Set(proofs.map(({ nonce }) => nonce)).size).toBe(2);
		for (const [index, each] of sent.entries())
			expect(await local.delivered(each.order, proofs[index] ?? {})).toMatchObject({ gained: SEND - FAST_FEE });
	});

	it('in one transaction are told apart by their content, in whatever order Iris lists them', async () => {
		await world.fund('1', '1000', MULTICALL3);
		const orders = await Promise.all([30n, 40n].map((tokens) => local.ordered(amount(tokens * 1_000_000n))));
		const made = orders.map((order) => ({ ...order, sender: MULTICALL3 }));
		const allow = { functionName: 'approve', args: [world.cctp.chain('1').tokenMessenger, SEND] } as const;
		const calls = [
			{ to: local.end('1').token, data: encodeFunctionData({ abi: erc20Abi, ...allow }) },
			...(await Promise.all(made.map(cctp.send))),
		];
		const aggregate = calls.map(({ to, data }) => ({ target: to, callData: data, allowFailure: false }));
		const data = encodeFunctionData({ abi: multicall3Abi, functionName: 'aggregate3', args: [aggregate] });
		const mined = await local.execute({ chainId: 1, to: MULTICALL3, data });
		for (const order of made) expect(() => cctp.evidence(order, mined)).toThrow(/2 messages, not one/);

		// Each burn's own logs end with the messenger's event.
		const marks = mined.logs.flatMap(({ address }, index) =>
			address === world.cctp.chain('1').tokenMessenger.toLowerCase() ? [index + 1] : [],
		);
		const [first = 0, second = 0] = marks;
		const parts = [mined.logs.slice(0, first), mined.logs.slice(first, second)];
		const sent = made.map((order, index) => ({
			order,
			evidence: stored(cctp.evidence(order, { ...mined, logs: parts[index] ?? [] })),
			hash: mined.transactionHash,
		}));
		await eventually('both are known', async () => world.cctp.burnsOf(mined.transactionHash).length === 2);
		local.clockMs += FAST_MS;
		for (const order of ['log', 'reversed'] as const) {
			world.cctp.iris.order = order;
			const proofs = await Promise.all(sent.map(local.proven));
			expect(proofs.map(({ feeExecuted }) => feeExecuted)).toEqual(['3900', '5200']);
		}
	});
});

describe('Iris', () => {
	it('may not know the burn, or not show it yet: it is waited for', async () => {
		world.cctp.iris.ignore = () => true;
		const sent = await local.burned();
		await local.isSeen(sent);
		expect(noteOf(await local.prove(sent))).toMatch(/was not seen by Iris yet$/);
		world.cctp.iris.ignore = () => false;
		for (const pendingText of ['PENDING', null, '0x']) {
			world.cctp.iris.pendingText = pendingText;
			expect(noteOf(await local.prove(sent))).toMatch(/is pending_confirmations$/);
		}
	});

	it('may want to be left alone, and is', async () => {
		const sent = await local.burned();
		world.cctp.fault = times(1, when('GET', /messages/, tooMany(120)));
		const look = local.prove(sent);
		await expect(look).rejects.toBeInstanceOf(BusyError);
		await expect(look).rejects.toMatchObject({ retryAfterMs: 120_000 });
		expect(local.pauses).toEqual([120_000]);
		expect(await local.prove(sent)).toMatchObject({ state: 'pending' });
	});

	it('may lie, and is not believed where the contract would: our message is waited for', async () => {
		const { tamper } = world.cctp.iris;
		const sent = await local.burned();
		await local.isSeen(sent);
		local.clockMs += FAST_MS;
		const truth = await local.proven(sent);
		const lies: ((message: Hex) => Hex)[] = [
			(message) => `${slice(message, 0, 184)}${pad(RIVAL.address).slice(2)}${slice(message, 216).slice(2)}`,
			(message) => slice(message, 0, 375),
			(message) => `${message}00`,
		];
		for (const lie of lies) {
			world.cctp.iris.tamper = lie;
			expect(noteOf(await local.prove(sent))).toMatch(/is not among the 1 messages/);
		}
		world.cctp.iris.tamper = tamper;
		expect(await local.proven(sent)).toEqual(truth);
	});

	it('may be down, or lose its answer: then nothing is known', async () => {
		const sent = await local.burned();
		for (const fault of [refuse(500), refuse(403), lose()]) {
			world.cctp.fault = when('GET', /messages/, fault);
			await expect(local.prove(sent)).rejects.toBeInstanceOf(TransientError);
		}
	}, 20_000);
});

describe('trouble on a chain', () => {
	it('that is paused on the destination is waited out', async () => {
		const { sent, proof } = await local.provenFast();
		await world.cctp.setPaused('10', true);
		expect(await cctp.claim(sent.order, proof)).toMatchObject({
			state: 'waiting',
			lookAgainMs: 60_000,
			note: expect.stringMatching(/Pausable: paused/),
		});
		await world.cctp.setPaused('10', false);
		expect(await local.delivered(sent.order, proof)).toMatchObject({ state: 'call', gained: SEND - FAST_FEE });
	});

	it('that has lost the burn before it was attested is noticed when the burn is long overdue, and still waited for', async () => {
		world.cctp.iris.fastMs = 1_000_000;
		const sent = await local.burned();
		await local.isSeen(sent);
		local.clockMs += 66_001;
		expect(noteOf(await local.prove(sent))).not.toMatch(/reorganisation/);
		await world.chain('1').client.transport.request({ method: 'anvil_reorg', params: [1, []] });
		expect(await local.prove(sent)).toMatchObject({ state: 'pending', note: expect.stringMatching(/a reorganisation has taken it/) });
	});
});
