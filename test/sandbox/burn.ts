/** How the tests of CCTP's sandbox burn, ask Iris, and mint. */
import { type Address, encodeFunctionData, type Hash, type Hex, pad, parseEventLogs, type TransactionReceipt, zeroHash } from 'viem';
import { messengerAbi, transmitterAbi } from '../../sandbox/cctp/abi.ts';
import type { Burn } from '../../sandbox/cctp/burns.ts';
import { SOLVER } from '../../sandbox/chains/accounts.ts';
import type { World } from '../../sandbox/world.ts';
import { eventually } from './eventually.ts';
import { approve, get } from './requests.ts';

export interface Order {
	readonly origin: string;
	readonly destination: string;
	/** Base units. */
	readonly units: bigint;
	/** Base units; a hundredth of what is burned unless told otherwise. */
	readonly maxFee?: bigint;
	readonly minFinality?: number;
	readonly recipient?: Hex;
	readonly caller?: Hex;
	/** Burns with a hook. */
	readonly hookData?: Hex;
}

/** The call that burns, from the solver's account. */
export function burnCall({ cctp }: World, order: Order): { to: Address; data: Hex } {
	const { origin, destination, units, maxFee = units / 100n, minFinality = 1000, recipient, caller = zeroHash, hookData } = order;
	const { chain, tokenMessenger } = cctp.chain(origin);
	const to = recipient ?? pad(SOLVER.address);
	const args = [units, cctp.chain(destination).domain, to, chain.usdc, caller, maxFee, minFinality] as const;
	const data =
		hookData === undefined
			? encodeFunctionData({ abi: messengerAbi, functionName: 'depositForBurn', args })
			: encodeFunctionData({ abi: messengerAbi, functionName: 'depositForBurnWithHook', args: [...args, hookData] });
	return { to: tokenMessenger, data };
}

export interface Burned {
	readonly domain: number;
	readonly hash: Hash;
	/** As emitted. */
	readonly sent: Hex;
	readonly receipt: TransactionReceipt;
}

/** Burns what the solver has been given for it. */
export async function burn(world: World, order: Order): Promise<Burned> {
	const { chain, domain, tokenMessenger } = world.cctp.chain(order.origin);
	await approve(chain, tokenMessenger, order.units);
	const receipt = await chain.client.execute({ from: SOLVER.address, ...burnCall(world, order) });
	const [log] = parseEventLogs({ abi: transmitterAbi, eventName: 'MessageSent', logs: receipt.logs });
	return { domain, hash: receipt.transactionHash, sent: log?.args.message ?? '0x', receipt };
}

interface Listed {
	readonly message: Hex;
	readonly attestation: Hex;
	readonly eventNonce: Hex;
	readonly cctpVersion: number;
	readonly status: string;
	readonly delayReason: string | null;
	readonly decodedMessage: (Record<string, unknown> & { decodedMessageBody: Record<string, string> }) | null;
}

/** What Iris says of a burn: the status, and the messages of the transaction; none when there are none. */
export async function listed({ cctp }: World, { domain, hash }: Pick<Burned, 'domain' | 'hash'>) {
	const { status, body } = await get(`${cctp.url}/v2/messages/${domain}?transactionHash=${hash}`);
	return { status, messages: (body.messages ?? []) as Listed[] };
}

/** The first message of a burn's transaction, as soon as the claim holds for it. */
export async function message(world: World, burned: Burned, claim: (message: Listed) => boolean): Promise<Listed> {
	let found: Listed | undefined;
	await eventually('Iris says so', async () => {
		[found] = (await listed(world, burned)).messages;
		return found !== undefined && claim(found);
	});
	if (found === undefined) throw new Error('no message');
	return found;
}

export const complete = (world: World, burned: Burned): Promise<Listed> => message(world, burned, ({ status }) => status === 'complete');

/** The call that mints. */
export function mintCall({ cctp }: World, venue: string, { message: bytes, attestation }: Pick<Listed, 'message' | 'attestation'>) {
	const data = encodeFunctionData({ abi: transmitterAbi, functionName: 'receiveMessage', args: [bytes, attestation] });
	return { to: cctp.chain(venue).messageTransmitter, data };
}

/** From the solver's account; the mined call's events. */
export async function mint(world: World, venue: string, attested: Pick<Listed, 'message' | 'attestation'>) {
	const receipt = await world.chain(venue).client.execute({ from: SOLVER.address, ...mintCall(world, venue, attested) });
	return parseEventLogs({ abi: [...transmitterAbi, ...messengerAbi], logs: receipt.logs });
}

/** The text with which a call is refused, or 'accepted'. */
export function refusal(world: World, venue: string, call: { to: Address; data: Hex }, from: Address = SOLVER.address): Promise<string> {
	return world
		.chain(venue)
		.client.call({ account: from, ...call })
		.then(
			() => 'accepted',
			(error: Error) => /Details: execution reverted: (.+)/.exec(error.message)?.[1] ?? error.message,
		);
}

/** What the attesters know of a burn. Throws when they know nothing. */
export function known({ cctp }: World, { hash }: Burned): Burn {
	const [found] = cctp.burnsOf(hash);
	if (found === undefined) throw new Error('the attesters do not know the burn');
	return found;
}

export const isKnown = ({ cctp }: World, { hash }: Burned): Promise<void> =>
	eventually('the burn is known', async () => cctp.burnsOf(hash).length > 0);

const MARKER = 7n;

/** The attesters have looked at everything that was there when this was called: a later burn on chain 1 is signed. */
export async function looksAround(world: World): Promise<void> {
	const { iris } = world.cctp;
	const { ignore, standardMs } = iris;
	iris.ignore = (each) => each.amount !== MARKER && ignore(each);
	iris.standardMs = (each) => (each.amount === MARKER ? 0 : typeof standardMs === 'number' ? standardMs : standardMs(each));
	await complete(world, await burn(world, { origin: '1', destination: '10', units: MARKER, maxFee: 0n, minFinality: 2000 }));
	Object.assign(iris, { ignore, standardMs });
}
