/** A chain as a node shows it to the product, and an account whose signatures it understands. */
import {
	type Account,
	type Address,
	ExecutionRevertedError,
	type Hash,
	type Hex,
	HttpRequestError,
	hexToString,
	keccak256,
	type PublicClient,
	stringToHex,
	TransactionReceiptNotFoundError,
} from 'viem';
import { type Call, type Chain, remembering, type Sent } from './chain.ts';

const FEE = 10n;
const MULTICALL3: Address = '0xcA11bde05977b3631167028862bE2a173976CA11';

interface NodePorts {
	/** Called while each answer is on its way: what is said may be old news when it arrives. */
	readonly look: () => Promise<void>;
	/** Called with every transaction that is sent, before anybody can mine it. */
	readonly onSent: (hash: Hash) => void;
}

/** The part of a client that the product asks; a question that is not there fails loudly. */
export function nodeOf(chain: Chain, { look, onSent }: NodePorts): PublicClient {
	const isDeaf = () => {
		const deaf = chain.deaf > 0;
		if (deaf) chain.deaf -= 1;
		return deaf;
	};
	const answers = <Question extends unknown[], Answer>(answer: (...question: Question) => Answer) => {
		return async (...question: Question): Promise<Answer> => {
			if (isDeaf()) throw new HttpRequestError({ url: 'simulated', details: 'no answer' });
			return answer(...question);
		};
	};
	/** Those in the middle of which something else may happen. */
	const late = <Question extends unknown[], Answer>(answer: (...question: Question) => Answer) => {
		return answers(async (...question: Question): Promise<Answer> => {
			const said = attempted(() => answer(...question));
			await look();
			return said();
		});
	};
	/** The same bytes are sent again and again. */
	const understood = remembering(read);
	const nonceAt = (blockNumber?: bigint) => Number(chain.at(blockNumber ?? chain.height).nonce);
	const client = {
		chain: { contracts: { multicall3: { address: MULTICALL3 } } },
		estimateGas: late((call: Call) => {
			const problem = chain.problemOf(call);
			if (problem !== null) throw new ExecutionRevertedError({ message: problem });
			return 50_000n;
		}),
		estimateFeesPerGas: answers(() => ({ maxFeePerGas: chain.floor > FEE ? chain.floor : FEE, maxPriorityFeePerGas: 1n })),
		getTransactionCount: answers(({ blockNumber }: { blockNumber?: bigint }) => nonceAt(blockNumber)),
		sendRawTransaction: async ({ serializedTransaction }: { serializedTransaction: Hex }) => {
			const sent = understood(serializedTransaction);
			onSent(sent.hash);
			const taken = attempted(() => chain.take(sent));
			await look();
			if (isDeaf()) throw new HttpRequestError({ url: 'simulated', details: 'taken, and no answer' });
			taken();
			return sent.hash;
		},
		getTransactionReceipt: late(({ hash }: { hash: Hash }) => {
			const receipt = chain.receipts.get(hash);
			if (receipt === undefined) throw new TransactionReceiptNotFoundError({ hash });
			return receipt;
		}),
		getBlockNumber: answers(() => chain.height),
		getBlock: answers(({ blockNumber }: { blockNumber?: bigint } = {}) => {
			const number = blockNumber ?? chain.height;
			const parentHash = number > 0n ? chain.at(number - 1n).hash : chain.at(number).hash;
			return { number, hash: chain.at(number).hash, parentHash };
		}),
		call: late((at: { blockNumber: bigint } | { blockHash: Hash }) => ({ data: balanceAt(chain, at) })),
		request: answers(({ params: [filter] }: { params: [{ fromBlock: Hex; toBlock: Hex; topics: unknown[] }] }) => {
			const [first, last] = [BigInt(filter.fromBlock), BigInt(filter.toBlock)];
			const isIncoming = filter.topics.length > 2;
			return chain.transfers.filter((each) => each.isIncoming === isIncoming && each.at >= first && each.at <= last).map(({ log }) => log);
		}),
	};
	return client as unknown as PublicClient;
}

/** A block's number and the balance there, as Multicall3 answers for two calls. Of a block that is not there any more nobody says what was there. */
function balanceAt(chain: Chain, at: { blockNumber: bigint } | { blockHash: Hash }): Hex {
	const number = 'blockNumber' in at ? at.blockNumber : chain.numberOf(at.blockHash);
	if (number === null) throw new HttpRequestError({ url: 'simulated', details: 'hash is not currently canonical' });
	const results = [number, chain.at(number).balance].map((value) => `${word(1)}${word(0x40)}${word(0x20)}${word(value)}`);
	return `0x${word(0x20)}${word(2)}${word(0x40)}${word(0xc0)}${results.join('')}`;
}

const word = (value: bigint | number) => value.toString(16).padStart(64, '0');

/** Does it now, and says later what came of it. */
function attempted<T>(act: () => T): () => T {
	try {
		const result = act();
		return () => result;
	} catch (error) {
		return () => {
			throw error;
		};
	}
}

interface Signable extends Call {
	readonly nonce: number;
	readonly maxFeePerGas: bigint;
}

/** An account whose signature is the transaction itself as text: it costs nothing to make, and the same bytes come from the same call. */
export function accountOf(address: Address): Account {
	const signTransaction = async ({ to, data, nonce, maxFeePerGas }: Signable): Promise<Hex> =>
		stringToHex(JSON.stringify({ to, data, nonce, fee: maxFeePerGas.toString() }));
	return { address, type: 'local', signTransaction } as unknown as Account;
}

function read(raw: Hex): Sent {
	const { to, data, nonce, fee } = JSON.parse(hexToString(raw)) as Call & { nonce: number; fee: string };
	return { to, data, nonce: BigInt(nonce), fee: BigInt(fee), hash: keccak256(raw) };
}
