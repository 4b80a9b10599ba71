import {
	type Address,
	concatHex,
	encodeFunctionData,
	type Hex,
	keccak256,
	numberToHex,
	pad,
	parseAbi,
	size,
	slice,
	toHex,
	zeroHash,
} from 'viem';
import { privateKeyToAddress, sign } from 'viem/accounts';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { messengerAbi, transmitterAbi } from '../../sandbox/cctp/abi.ts';
import { ATTESTER_ADDRESSES, attest } from '../../sandbox/cctp/attesters.ts';
import { HUB_OPERATOR, RIVAL, SOLVER } from '../../sandbox/chains/accounts.ts';
import { startWorld, type World } from '../../sandbox/world.ts';
import { type Burned, burn, burnCall, mint, mintCall, type Order, refusal } from './burn.ts';
import { approve } from './requests.ts';

const USDC = 1_000_000n;
const SENT = 500n * USDC;
const MAX_FEE = 5n * USDC;
const NONCE = keccak256('0x01');

let world: World;
let burned: Burned;
beforeAll(async () => {
	world = await startWorld({ blockSeconds: 0, balances: {} });
});
afterAll(() => world.stop());
beforeEach(async () => {
	await world.reset();
	await world.fund('1', '1000');
	burned = await burn(world, { origin: '1', destination: '10', units: SENT, maxFee: MAX_FEE });
});

const uint32 = (value: number) => numberToHex(value, { size: 4 });
const uint256 = (value: bigint) => numberToHex(value, { size: 32 });

/** The message with other bytes at a place. */
function write(message: Hex, at: number, bytes: Hex): Hex {
	const end = at + size(bytes);
	const rest = end < size(message) ? slice(message, end) : '0x';
	return concatHex([at > 0 ? slice(message, 0, at) : '0x', bytes, rest]);
}

/** The burn's message as the attesters would send it out after a fast look, with further changes. */
function filled(...changes: readonly (readonly [at: number, bytes: Hex])[]): Hex {
	const usual = [
		[12, NONCE],
		[144, uint32(1000)],
	] as const;
	return [...usual, ...changes].reduce<Hex>((message, [at, bytes]) => write(message, at, bytes), burned.sent);
}

/** Why a message that both attesters have signed is refused. */
async function refused(message: Hex, { venue = '10', from = SOLVER.address }: { venue?: string; from?: Address } = {}): Promise<string> {
	return refusal(world, venue, mintCall(world, venue, { message, attestation: await attest(message) }), from);
}

describe('a signed message', () => {
	const none: readonly (readonly [number, Hex])[] = [];
	it.each([
		['as the attesters send it', 'accepted', none],
		['for another domain', 'Invalid destination domain', [[8, uint32(0)]]],
		['of another version', 'Invalid message version', [[0, uint32(0)]]],
		['with nonce zero', 'Nonce already used', [[12, zeroHash]]],
		['from somebody else', 'Remote TokenMessenger unsupported', [[44, pad('0x99')]]],
		['from another domain', 'Remote TokenMessenger unsupported', [[4, uint32(6)]]],
		['for another caller', 'Invalid caller for message', [[108, pad(RIVAL.address)]]],
		['for this caller', 'accepted', [[108, pad(SOLVER.address)]]],
		['at a finality of 499', 'Unsupported finality threshold', [[144, uint32(499)]]],
		['at a finality of 500', 'accepted', [[144, uint32(500)]]],
		['at a finality of 1999', 'accepted', [[144, uint32(1999)]]],
		['at a finality of 2000', 'accepted', [[144, uint32(2000)]]],
		['with a body of another version', 'Invalid message body version', [[148, uint32(2)]]],
		['of another token', 'Mint token not supported', [[152, pad('0x99')]]],
		['with a fee of the maximum', 'accepted', [[312, uint256(MAX_FEE)]]],
		['with a fee above the maximum', 'Fee exceeds max fee', [[312, uint256(MAX_FEE + 1n)]]],
		['with a fee of everything', 'Fee equals or exceeds amount', [[312, uint256(SENT)]]],
		['that expires at once', 'Message expired and must be re-signed', [[344, uint256(1n)]]],
	] as const)('%s: %s', async (_name, expected, changes) => {
		expect(await refused(filled(...changes))).toBe(expected);
	});

	it.each([
		['a fee above the maximum', 'Fee exceeds max fee', [312, uint256(MAX_FEE + 1n)]],
		['an expiry', 'Message expired and must be re-signed', [344, uint256(1n)]],
	] as const)('is held to %s when it is final, too', async (_name, expected, change) => {
		expect(await refused(filled([144, uint32(2000)], change))).toBe(expected);
	});

	it('is accepted until the block at which it expires', async () => {
		const { client } = world.chain('10');
		// A call is judged in the block at the head.
		const expiring = filled([344, uint256((await client.getBlockNumber()) + 1n)]);
		expect(await refused(expiring)).toBe('accepted');
		await client.mine({ blocks: 1 });
		expect(await refused(expiring)).toBe('Message expired and must be re-signed');
		expect(await refused(filled([344, uint256(0n)]))).toBe('accepted');
	});

	it('is refused when it is too short for a header, or for a burn', async () => {
		expect(await refused(slice(filled(), 0, 147))).toBe('Invalid message: too short');
		expect(await refused(slice(filled(), 0, 375))).toBe('Invalid message: too short');
	});

	it('is accepted once, also when it was signed anew', async () => {
		await mint(world, '10', { message: filled(), attestation: await attest(filled()) });
		expect(await refused(filled())).toBe('Nonce already used');
		expect(await refused(filled([144, uint32(2000)], [312, uint256(7n)]))).toBe('Nonce already used');
	});

	it('is refused while the contract is paused, and while its recipient is blacklisted, and mints afterwards', async () => {
		await world.cctp.setPaused('10', true);
		expect(await refused(filled())).toBe('Pausable: paused');
		await world.cctp.setPaused('10', false);
		const { client, usdc } = world.chain('10');
		const abi = parseAbi(['function blacklist(address account)', 'function unBlacklist(address account)']);
		const list = (functionName: 'blacklist' | 'unBlacklist') =>
			client.execute({
				from: HUB_OPERATOR.address,
				to: usdc,
				data: encodeFunctionData({ abi, functionName, args: [SOLVER.address] }),
			});
		await list('blacklist');
		expect(await refused(filled(), { from: RIVAL.address })).toBe('Blacklistable: account is blacklisted');
		await list('unBlacklist');
		await mint(world, '10', { message: filled(), attestation: await attest(filled()) });
		expect(await world.balanceOf('10', SOLVER.address)).toBe(SENT);
	});
});

describe('an attestation', () => {
	const judged = (attestation: Hex, message = filled()) => refusal(world, '10', mintCall(world, '10', { message, attestation }));

	it('is refused in the wrong length, the wrong order, twice by one, or of another message', async () => {
		const attestation = await attest(filled());
		const [first, second] = [slice(attestation, 0, 65), slice(attestation, 65)];
		expect(await judged(attestation)).toBe('accepted');
		for (const wrong of ['0x', first, slice(attestation, 0, 129), concatHex([attestation, second])] as const)
			expect(await judged(wrong)).toBe('Invalid attestation length');
		expect(await judged(concatHex([second, first]))).toBe('Invalid signature order or dupe');
		expect(await judged(concatHex([first, first]))).toBe('Invalid signature order or dupe');
		expect(await judged(attestation, filled([312, uint256(1n)]))).toMatch(/^Invalid signature/);
	});

	it('is refused when a stranger has signed, or when a signature is none', async () => {
		const attestation = await attest(filled());
		const [first, second] = [slice(attestation, 0, 65), slice(attestation, 65)];
		// Above the first attester, so that it is not the order that is wrong.
		const keys = ['a', 'b', 'c', 'd', 'e'].map((name) => keccak256(toHex(name)));
		const privateKey = keys.find((key) => BigInt(privateKeyToAddress(key)) > BigInt(ATTESTER_ADDRESSES[0] ?? 0)) ?? zeroHash;
		const theirs = await sign({ hash: keccak256(filled()), privateKey, to: 'hex' });
		expect(await judged(concatHex([first, theirs]))).toBe('Invalid signature: not attester');
		expect(await judged(concatHex([first, write(second, 64, '0x00')]))).toBe("ECDSA: invalid signature 'v' value");
		expect(await judged(concatHex([first, write(second, 32, uint256(2n ** 256n - 1n))]))).toBe("ECDSA: invalid signature 's' value");
		expect(await judged(concatHex([first, write(second, 0, zeroHash)]))).toBe('ECDSA: invalid signature');
	});
});

describe('a burn', () => {
	const order: Order = { origin: '1', destination: '10', units: 100n * USDC };
	const burnRefused = (changes: Partial<Order> = {}) => refusal(world, '1', burnCall(world, { ...order, ...changes }));

	beforeEach(() => approve(world.chain('1'), world.cctp.chain('1').tokenMessenger, 100n * USDC));

	it.each([
		['as ordered', 'accepted', {}],
		['of nothing', 'Amount must be nonzero', { units: 0n }],
		['for nobody', 'Mint recipient must be nonzero', { recipient: zeroHash }],
		['that allows all of it as a fee', 'Max fee must be less than amount', { maxFee: 100n * USDC }],
		['that allows almost all of it as a fee', 'accepted', { maxFee: 100n * USDC - 1n }],
		['to its own domain', 'No TokenMessenger for domain', { destination: '1' }],
		['of more than is approved', 'ERC20: transfer amount exceeds allowance', { units: 100n * USDC + 1n }],
		['with an empty hook', 'Hook data is empty', { hookData: '0x' }],
		['with a hook', 'accepted', { hookData: '0x01' }],
	] as const)('%s: %s', async (_name, expected, changes) => {
		expect(await burnRefused(changes)).toBe(expected);
	});

	it('is refused above the limit of a message, and where the token is not burned at all', async () => {
		await world.cctp.setBurnLimit('1', '99.999999');
		expect(await burnRefused()).toBe('Burn amount exceeds per tx limit');
		await world.cctp.setBurnLimit('1', '100');
		expect(await burnRefused()).toBe('accepted');
		await world.cctp.setBurnLimit('1', '0');
		expect(await burnRefused()).toBe('Burn token not supported');
	});

	it('is refused when it allows less than the least fee of the contract', async () => {
		await world.cctp.setMinFee('1', 1_300n);
		expect(await burnRefused({ maxFee: 12_999n })).toBe('Insufficient max fee');
		expect(await burnRefused({ maxFee: 13_000n })).toBe('accepted');
	});

	it('is refused while the contract is paused', async () => {
		await world.cctp.setPaused('1', true);
		expect(await burnRefused()).toBe('Pausable: paused');
		await world.cctp.setPaused('1', false);
		expect(await burnRefused()).toBe('accepted');
	});
});

describe('the parts', () => {
	it('let nobody pass by each other', async () => {
		const { messageTransmitter, tokenMessenger, tokenMinter, chain } = world.cctp.chain('10');
		const message = (domain: number, recipient: Hex, body: Hex) =>
			encodeFunctionData({ abi: transmitterAbi, functionName: 'sendMessage', args: [domain, recipient, zeroHash, 2000, body] });
		const send = (domain: number, recipient: Hex, body: Hex = '0x01') =>
			refusal(world, '10', { to: messageTransmitter, data: message(domain, recipient, body) });
		expect(await send(0, pad('0x99'))).toBe('accepted');
		expect(await send(2, pad('0x99'))).toBe('Domain is local domain');
		expect(await send(0, zeroHash)).toBe('Recipient must be nonzero');
		expect(await send(0, pad('0x99'), pad('0x01', { size: 8_193 }))).toBe('Message body exceeds max size');
		const handler = parseAbi(['function handleReceiveFinalizedMessage(uint32, bytes32, uint32, bytes) returns (bool)']);
		const handle = encodeFunctionData({ abi: handler, args: [0, pad(world.cctp.chain('1').tokenMessenger), 2000, '0x'] });
		expect(await refusal(world, '10', { to: tokenMessenger, data: handle })).toBe('Invalid message transmitter');
		const minter = parseAbi(['function mint(uint32, bytes32, address, uint256)', 'function burn(address, uint256)']);
		const minting = encodeFunctionData({ abi: minter, functionName: 'mint', args: [0, pad(world.chain('1').usdc), RIVAL.address, 1n] });
		expect(await refusal(world, '10', { to: tokenMinter, data: minting })).toBe('Caller not local TokenMessenger');
		const burning = encodeFunctionData({ abi: minter, functionName: 'burn', args: [chain.usdc, 1n] });
		expect(await refusal(world, '10', { to: tokenMinter, data: burning })).toBe('Caller not local TokenMessenger');
		const pausing = encodeFunctionData({ abi: transmitterAbi, functionName: 'pause' });
		expect(await refusal(world, '10', { to: messageTransmitter, data: pausing })).toBe('Pausable: caller is not the pauser');
		const charging = encodeFunctionData({ abi: messengerAbi, functionName: 'setMinFee', args: [1n] });
		expect(await refusal(world, '10', { to: tokenMessenger, data: charging })).toBe('Ownable: caller is not the owner');
	});
});
