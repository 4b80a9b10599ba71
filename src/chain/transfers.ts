/**
 * What moved at our positions, from the tokens' own events: Transfer of ERC-20, TransferSingle and TransferBatch of ERC-1155, whose id is not indexed, so that
 * they are asked for by account and sorted by id here (https://eips.ethereum.org/EIPS/eip-20, https://eips.ethereum.org/EIPS/eip-1155).
 */
import { type Address, decodeAbiParameters, getAddress, type Hash, type Hex, numberToHex, type PublicClient, pad, slice } from 'viem';
import { z } from 'zod';
import type { ChainPosition, Position, VenueId } from '../inventory/venue.ts';
import { type Amount, add, amount, ZERO } from '../money/amount.ts';
import { type BlockRange, lookAt } from './look.ts';

/** keccak256 of Transfer(address,address,uint256). */
const TRANSFER = '0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef';
/** keccak256 of TransferSingle(address,address,address,uint256,uint256). */
const TRANSFER_SINGLE = '0xc3d58168c5ae7397731d063d5bbf3d657854427343f4c083240f7aacaa2d0f62';
/** keccak256 of TransferBatch(address,address,address,uint256[],uint256[]). */
const TRANSFER_BATCH = '0x4a39dc06d4c0dbc64b70af90fd698a233a518aa5d07e595d983b8c0526c8f7fb';

/** What one transaction has moved at one position: both sums in base units. */
export interface Movement extends Position {
	readonly transactionHash: Hash;
	readonly blockNumber: bigint;
	readonly blockHash: Hash;
	readonly incoming: Amount;
	readonly outgoing: Amount;
}

const log = z.object({
	address: z.string().transform((text) => getAddress(text)),
	topics: z.array(z.string().transform((text) => text as Hex)),
	data: z.string().transform((text) => text as Hex),
	blockNumber: z.string().transform((text) => BigInt(text)),
	blockHash: z.string().transform((text) => text as Hash),
	transactionHash: z.string().transform((text) => text as Hash),
	logIndex: z.string(),
});
type TransferLog = z.output<typeof log>;

/** Oldest first. Two requests where there are only ERC-20 tokens, three with ERC-1155, whatever the number of positions. Throws `TransientError`. */
export async function readMovements(
	client: PublicClient,
	{ venue, positions, ...range }: { readonly venue: VenueId; readonly positions: readonly ChainPosition[] } & BlockRange,
): Promise<Movement[]> {
	return lookAt({ name: 'transfers', chainId: Number(venue) }, async () => {
		const found = await Promise.all(filtersOf(positions).map((filter) => ask(client, { ...range, ...filter })));
		const logs = new Map(found.flat().map((each) => [`${each.blockHash} ${each.logIndex}`, each]));
		return sumUp(positions, [...logs.values()]);
	});
}

interface Filter {
	readonly addresses: readonly Address[];
	readonly topics: readonly (Hex | readonly Hex[] | null)[];
}

/** The second indexed place is the receiver of an ERC-20 and the sender of an ERC-1155, so one filter asks for both. */
function filtersOf(positions: readonly ChainPosition[]): Filter[] {
	const ofKind = (kind: 'erc20' | 'erc1155') => positions.flatMap(({ token }) => (token.kind === kind ? [token.address] : []));
	const [single, multi] = [[...new Set(ofKind('erc20'))], [...new Set(ofKind('erc1155'))]];
	const holders = [...new Set(positions.map(({ holder }) => holder))].map((holder) => pad(holder).toLowerCase() as Hex);
	const events = [...(single.length > 0 ? [TRANSFER] : []), ...(multi.length > 0 ? [TRANSFER_SINGLE, TRANSFER_BATCH] : [])] as Hex[];
	return [
		...(single.length > 0 ? [{ addresses: single, topics: [TRANSFER, holders] } as Filter] : []),
		...(events.length > 0 ? [{ addresses: [...single, ...multi], topics: [events, null, holders] }] : []),
		...(multi.length > 0 ? [{ addresses: multi, topics: [[TRANSFER_SINGLE, TRANSFER_BATCH], null, null, holders] } as Filter] : []),
	];
}

async function ask(client: PublicClient, { addresses, topics, fromBlock, toBlock }: Filter & BlockRange): Promise<TransferLog[]> {
	const filter = { address: [...addresses], topics: topics as Hex[], fromBlock: numberToHex(fromBlock), toBlock: numberToHex(toBlock) };
	return z.array(log).parse(await client.request({ method: 'eth_getLogs', params: [filter] }));
}

function sumUp(positions: readonly ChainPosition[], logs: readonly TransferLog[]): Movement[] {
	const places = new Map(positions.map((each) => [placeKey(each), each]));
	const movements = new Map<string, Movement>();
	for (const each of logs) {
		for (const { key, units, isIncoming } of partsOf(each)) {
			const place = places.get(key);
			if (place === undefined) continue;
			const { transactionHash, blockNumber, blockHash } = each;
			const { venue, asset } = place;
			const at = `${key} ${transactionHash}`;
			const sum = movements.get(at) ?? { venue, asset, transactionHash, blockNumber, blockHash, incoming: ZERO, outgoing: ZERO };
			const side = isIncoming ? 'incoming' : 'outgoing';
			movements.set(at, { ...sum, [side]: add(sum[side], units) });
		}
	}
	return [...movements.values()].sort((a, b) => Number(a.blockNumber - b.blockNumber));
}

function placeKey({ token, holder }: Pick<ChainPosition, 'token' | 'holder'>): string {
	return token.kind === 'native' ? '' : keyOf(token.address, token.kind === 'erc1155' ? token.id : null, holder);
}

const keyOf = (token: string, id: bigint | null, holder: string) => `${token} ${id ?? ''} ${holder}`.toLowerCase();

interface Part {
	readonly key: string;
	readonly units: Amount;
	readonly isIncoming: boolean;
}

/** Nothing moves from an account to itself. */
function partsOf({ address, topics, data }: TransferLog): Part[] {
	const isSingle = topics[0] === TRANSFER;
	const [from, to] = isSingle ? [topics[1], topics[2]] : [topics[2], topics[3]];
	if (from === undefined || to === undefined) throw new TypeError(`a transfer of ${address} does not name its accounts`);
	if (from === to) return [];
	return itemsOf(topics[0], data).flatMap(({ id, units }) => [
		{ key: keyOf(address, id, slice(from, 12)), units, isIncoming: false },
		{ key: keyOf(address, id, slice(to, 12)), units, isIncoming: true },
	]);
}

function itemsOf(event: Hex | undefined, data: Hex): { readonly id: bigint | null; readonly units: Amount }[] {
	if (event === TRANSFER) return [{ id: null, units: amount(BigInt(data)) }];
	if (event === TRANSFER_SINGLE) {
		const [id, units] = decodeAbiParameters([{ type: 'uint256' }, { type: 'uint256' }], data);
		return [{ id, units: amount(units) }];
	}
	const [ids, values] = decodeAbiParameters([{ type: 'uint256[]' }, { type: 'uint256[]' }], data);
	if (ids.length !== values.length) throw new TypeError(`a batch of ${ids.length} ids has ${values.length} values`);
	return ids.map((id, index) => ({ id, units: amount(values[index] ?? 0n) }));
}
