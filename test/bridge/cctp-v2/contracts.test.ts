import { type Address, decodeFunctionData, encodeFunctionResult, type Hex, pad } from 'viem';
import { describe, expect, it } from 'vitest';
import { messengerAbi, minterAbi, transmitterAbi } from '../../../src/bridge/cctp-v2/abi.ts';
import { burnLimitReader } from '../../../src/bridge/cctp-v2/contracts.ts';
import { pairOf } from '../../../src/bridge/cctp-v2/settings.ts';
import { PermanentError, TransientError } from '../../../src/errors.ts';
import { MESSENGERS, ORDER, SETTINGS, STRANGER, TOKENS, TRANSMITTERS } from './burns.ts';
import { type FakeNode, fakeNode } from './fake-node.ts';

const PAIR = pairOf(SETTINGS, ORDER);
const ABI = [...messengerAbi, ...transmitterAbi, ...minterAbi];
const MINTERS: Readonly<Record<string, Address>> = { 1: pad('0xd1', { size: 20 }), 10: pad('0xd2', { size: 20 }) };

type Facts = Readonly<Record<string, unknown>>;
const FACTS = {
	1: {
		localDomain: 0,
		localMessageTransmitter: TRANSMITTERS[1],
		localMinter: MINTERS[1],
		remoteTokenMessengers: pad(MESSENGERS[10] as Hex),
		burnLimitsPerMessage: 10_000_000_000_000n,
	},
	10: {
		localDomain: 2,
		localMessageTransmitter: TRANSMITTERS[10],
		localMinter: MINTERS[10],
		remoteTokenMessengers: pad(MESSENGERS[1] as Hex),
		getLocalToken: TOKENS[10],
	},
} as const;

/** A chain on which every function of CCTP's contracts answers with its fact; what has none fails. */
function chainWith(facts: Facts, calls: string[] = []): FakeNode {
	return fakeNode(({ params }) => {
		const [{ to, data }] = params as [{ to: Hex; data: Hex }];
		const { functionName, args } = decodeFunctionData({ abi: ABI, data });
		calls.push([functionName, to, ...(args ?? [])].join(' ').toLowerCase());
		if (facts[functionName] === undefined) throw new Error('down');
		return encodeFunctionResult({ abi: ABI, functionName, result: facts[functionName] } as never);
	});
}

function readerWith(changes: { 1?: Facts; 10?: Facts } = {}, calls: string[] = []) {
	const nodes: Record<string, FakeNode> = {
		1: chainWith({ ...FACTS[1], ...changes[1] }, calls),
		10: chainWith({ ...FACTS[10], ...changes[10] }, calls),
	};
	return burnLimitReader({ client: (venue) => (nodes[venue] as FakeNode).client });
}

describe('the burn limit', () => {
	it('is read from the minter of the origin, and afresh at every quote, the settings being checked once', async () => {
		const calls: string[] = [];
		const read = readerWith({}, calls);
		expect(await read(PAIR)).toBe(10_000_000_000_000n);
		expect(calls).toHaveLength(10);
		expect(calls).toContain(`getlocaltoken ${MINTERS[10]} 0 ${pad(TOKENS[1] as Hex).toLowerCase()}`);
		expect(await read(PAIR)).toBe(10_000_000_000_000n);
		expect(calls.slice(10)).toEqual([`burnlimitspermessage ${MINTERS[1]} ${TOKENS[1]}`.toLowerCase()]);
	});

	it.each<[string, { 1?: Facts; 10?: Facts }, RegExp]>([
		['the token is not burned', { 1: { burnLimitsPerMessage: 0n } }, /from 1 to 10: 0x0{37,}[aA]1 on 1 is not burned by its minter/],
		[
			'the domain of the origin is another',
			{ 1: { localDomain: 3 } },
			/bridges\.cctp-v2\.chains\.1\.domain is 0, and its transmitter says 3/,
		],
		['the domain of the destination is another', { 10: { localDomain: 6 } }, /chains\.10\.domain is 2, and its transmitter says 6/],
		['the transmitter of the origin is another', { 1: { localMessageTransmitter: STRANGER } }, /chains\.1\.messageTransmitter is 0x/],
		[
			'the transmitter of the destination is another',
			{ 10: { localMessageTransmitter: STRANGER } },
			/chains\.10\.messageTransmitter is 0x/,
		],
		[
			'the origin knows another messenger',
			{ 1: { remoteTokenMessengers: pad(STRANGER) } },
			/chains\.1\.tokenMessenger knows 0x.* on domain 2/,
		],
		['the destination knows another messenger', { 10: { remoteTokenMessengers: pad('0x0') } }, /chains\.10\.tokenMessenger knows 0x0+ on/],
		['another token would be minted', { 10: { getLocalToken: STRANGER } }, /arrives as 0x2222/],
	])('is refused when %s, naming the setting or the pair', async (_case, changes, problem) => {
		const read = readerWith(changes);
		for (const _again of [1, 2]) {
			const limit = read(PAIR);
			await expect(limit).rejects.toBeInstanceOf(PermanentError);
			await expect(limit).rejects.toThrow(problem);
		}
	});

	it.each(['localDomain', 'localMinter', 'getLocalToken', 'remoteTokenMessengers'])(
		'is unknown when %s cannot be read, and asked again',
		async (name) => {
			const facts: Record<string, unknown> = { ...FACTS[10], [name]: undefined };
			const nodes: Record<string, FakeNode> = { 1: chainWith(FACTS[1]), 10: chainWith(facts) };
			const read = burnLimitReader({ client: (venue) => (nodes[venue] as FakeNode).client });
			await expect(read(PAIR)).rejects.toBeInstanceOf(TransientError);
			nodes[10] = chainWith(FACTS[10]);
			expect(await read(PAIR)).toBe(10_000_000_000_000n);
		},
	);
});
