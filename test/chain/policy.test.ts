import { type Address, concat, encodeFunctionData, erc20Abi, type Hex } from 'viem';
import { describe, expect, it } from 'vitest';
import { approveCalldata, tagCalldata } from '../../src/chain/payload.ts';
import { checkPolicy, type SigningPolicy } from '../../src/chain/policy.ts';
import type { Effect } from '../../src/leg/effect.ts';
import type { EffectKind } from '../../src/leg/effect-state.ts';
import { amount } from '../../src/money/amount.ts';

const TOKEN: Address = '0x5FbDB2315678afecb367f032d93F642f64180aa3';
const POOL: Address = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8';
const SPOKE: Address = '0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC';
const STRANGER: Address = '0x90F79bf6EB2c4f870365E785982E1f101E93b906';
const DEPOSIT: Address = '0x15d34AAf54267DB7D7c367839AAf71A00a2C6A65';
const OWNER = '8f14e45f-ceea-467f-a0c3-2f1c1f7a0a11';

const policy: SigningPolicy = { tokens: () => [TOKEN], bridges: () => [POOL], deposits: () => [DEPOSIT], purchases: () => [SPOKE] };

function effect(kind: EffectKind): Effect {
	return {
		id: OWNER,
		ownerKind: 'leg',
		ownerId: OWNER,
		hop: 0,
		kind,
		try: 1,
		venue: '1',
		signer: POOL,
		spend: null,
		status: 'reserved',
		epoch: 1,
		nonce: 0n,
		request: null,
		payload: null,
		refusals: 0,
		reason: null,
		minedHash: null,
		minedBlock: null,
	};
}

const approve = (spender: Address) => tagCalldata(approveCalldata(spender, amount(5n)), OWNER);
const call = tagCalldata('0x12345678', OWNER);
const payload = (target: Address, calldata: `0x${string}`, value = 0n) => ({ target, calldata, value, gas: 1n });

const transferTo = (to: Address) => encodeFunctionData({ abi: erc20Abi, functionName: 'transfer', args: [to, 5n] });
const deposit = tagCalldata(transferTo(DEPOSIT), OWNER);
const transferFrom = encodeFunctionData({ abi: erc20Abi, functionName: 'transferFrom', args: [DEPOSIT, DEPOSIT, 5n] });

describe('signing policy', () => {
	it('lets configured acts pass', () => {
		expect(() => checkPolicy(policy, effect('approve'), payload(TOKEN, approve(POOL)))).not.toThrow();
		expect(() => checkPolicy(policy, effect('approve'), payload(TOKEN, approve(SPOKE)))).not.toThrow();
		expect(() => checkPolicy(policy, effect('reset'), payload(TOKEN, approve(POOL)))).not.toThrow();
		expect(() => checkPolicy(policy, effect('send'), payload(POOL, call))).not.toThrow();
		expect(() => checkPolicy(policy, effect('purchase'), payload(SPOKE, call))).not.toThrow();
		expect(() => checkPolicy(policy, effect('send'), payload(TOKEN, deposit))).not.toThrow();
		expect(() =>
			checkPolicy(policy, effect('send'), payload(TOKEN, tagCalldata(concat([transferTo(DEPOSIT), '0x12345678']), OWNER))),
		).not.toThrow();
	});

	const transfer = tagCalldata(transferTo(STRANGER), OWNER);
	const refused: [string, EffectKind, ReturnType<typeof payload>][] = [
		['an unknown token', 'approve', payload(STRANGER, approve(POOL))],
		['an unknown spender', 'approve', payload(TOKEN, approve(STRANGER))],
		['a transfer dressed as an approval', 'approve', payload(TOKEN, transfer)],
		['an unknown bridge contract', 'send', payload(STRANGER, call)],
		['a purchase at a bridge', 'purchase', payload(POOL, call)],
		['a bridge leg at the hub', 'send', payload(SPOKE, call)],
		['a call to a token', 'send', payload(TOKEN, transfer)],
		['a transfer to a bridge contract', 'send', payload(TOKEN, tagCalldata(transferTo(POOL), OWNER))],
		['a transfer of somebody else, to our own account', 'send', payload(TOKEN, tagCalldata(transferFrom, OWNER))],
		['an approval as a send', 'send', payload(TOKEN, approve(POOL))],
		['an approval of our own account as a send', 'send', payload(TOKEN, approve(DEPOSIT))],
		['an approval of our own account at the exchange', 'approve', payload(TOKEN, approve(DEPOSIT))],
		['junk to a token', 'send', payload(TOKEN, call)],
		['nothing but an owner to a token', 'send', payload(TOKEN, tagCalldata('0x', OWNER))],
		['half a transfer to a token', 'send', payload(TOKEN, tagCalldata(transferTo(DEPOSIT).slice(0, 60) as Hex, OWNER))],
		['a transfer of a token that is not ours', 'send', payload(STRANGER, deposit)],
		['a deposit as a claim', 'claim', payload(TOKEN, deposit)],
		['a deposit as a purchase', 'purchase', payload(TOKEN, deposit)],
		['a deposit with native value', 'send', payload(TOKEN, deposit, 1n)],
		['a call of the deposit address', 'send', payload(DEPOSIT, call)],
		['native value', 'send', payload(POOL, call, 1n)],
		['calldata without its owner', 'send', payload(POOL, '0x12345678')],
		['calldata of another owner', 'send', payload(POOL, tagCalldata('0x12345678', '11111111-ceea-467f-a0c3-2f1c1f7a0a11'))],
	];
	for (const [what, kind, bad] of refused) {
		it(`refuses ${what}`, () => {
			expect(() => checkPolicy(policy, effect(kind), bad)).toThrow(/is not signed/);
		});
	}
});
