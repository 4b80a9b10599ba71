/** What the contracts themselves say about a pair: whether the settings are right about them, and how much one message may burn. */
import { type Address, type Hex, isAddressEqual, type PublicClient, pad } from 'viem';
import { lookAt } from '../../chain/look.ts';
import { PermanentError } from '../../errors.ts';
import { type Amount, amount } from '../../money/amount.ts';
import type { BridgePorts } from '../bridge.ts';
import { messengerAbi, minterAbi, transmitterAbi } from './abi.ts';
import type { CctpChain, CctpPair } from './settings.ts';

/** Base units at the origin that one message may burn. */
type ReadBurnLimit = (pair: CctpPair) => Promise<Amount>;

/**
 * The settings are checked against both chains before the first price of a pair: funds burned for a wrong domain or messenger would
 * arrive somewhere else, or not at all. Throws `PermanentError` naming the wrong setting or the pair, `TransientError` when a chain
 * cannot be asked.
 */
export function burnLimitReader(ports: Pick<BridgePorts, 'client'>): ReadBurnLimit {
	const minters = new Map<string, Address>();
	return async (pair) => {
		const { origin, destination } = pair;
		const key = [origin.venue, origin.token, destination.venue, destination.token].join(' ');
		const minter = minters.get(key) ?? (await checkedMinter(ports, pair));
		minters.set(key, minter);
		const limit = await lookAt({ name: `the minter ${minter}`, chainId: origin.chainId }, () =>
			ports
				.client(origin.venue)
				.readContract({ address: minter, abi: minterAbi, functionName: 'burnLimitsPerMessage', args: [origin.token] }),
		);
		if (limit === 0n) throw refusal(pair, `${origin.token} on ${origin.venue} is not burned by its minter ${minter}`);
		return amount(limit);
	};
}

/** The origin's minter. */
async function checkedMinter(ports: Pick<BridgePorts, 'client'>, pair: CctpPair): Promise<Address> {
	const { from, to, origin, destination } = pair;
	const [here, there] = await Promise.all([
		readSide(ports.client(origin.venue), { chain: from, remote: to.domain, chainId: origin.chainId }),
		readSide(ports.client(destination.venue), { chain: to, remote: from.domain, chainId: destination.chainId }),
	]);
	const sides = [
		{ venue: origin.venue, chain: from, other: to, found: here },
		{ venue: destination.venue, chain: to, other: from, found: there },
	];
	for (const { venue, chain, other, found } of sides) {
		const key = `bridges.cctp-v2.chains.${venue}`;
		if (found.domain !== chain.domain) throw refusal(pair, `${key}.domain is ${chain.domain}, and its transmitter says ${found.domain}`);
		if (!isAddressEqual(found.transmitter, chain.messageTransmitter)) {
			throw refusal(pair, `${key}.messageTransmitter is ${chain.messageTransmitter}, and its messenger uses ${found.transmitter}`);
		}
		if (found.remoteMessenger !== pad(other.tokenMessenger).toLowerCase()) {
			throw refusal(pair, `${key}.tokenMessenger knows ${found.remoteMessenger} on domain ${other.domain}, not ${other.tokenMessenger}`);
		}
	}
	const minted = await lookAt({ name: `the minter ${there.minter}`, chainId: destination.chainId }, () =>
		ports
			.client(destination.venue)
			.readContract({ address: there.minter, abi: minterAbi, functionName: 'getLocalToken', args: [from.domain, pad(origin.token)] }),
	);
	if (!isAddressEqual(minted, destination.token)) {
		throw refusal(pair, `${origin.token} arrives as ${minted}, not as ${destination.token}`);
	}
	return here.minter;
}

interface Side {
	readonly domain: number;
	readonly transmitter: Address;
	readonly minter: Address;
	/** 32 bytes, in lower case. */
	readonly remoteMessenger: Hex;
}

async function readSide(
	client: PublicClient,
	{ chain, remote, chainId }: { chain: CctpChain; remote: number; chainId: number },
): Promise<Side> {
	const messenger = { address: chain.tokenMessenger, abi: messengerAbi };
	return lookAt({ name: `the messenger ${chain.tokenMessenger}`, chainId }, async () => {
		const [domain, transmitter, minter, remoteMessenger] = await Promise.all([
			client.readContract({ address: chain.messageTransmitter, abi: transmitterAbi, functionName: 'localDomain' }),
			client.readContract({ ...messenger, functionName: 'localMessageTransmitter' }),
			client.readContract({ ...messenger, functionName: 'localMinter' }),
			client.readContract({ ...messenger, functionName: 'remoteTokenMessengers', args: [remote] }),
		]);
		return { domain, transmitter, minter, remoteMessenger: remoteMessenger.toLowerCase() as Hex };
	});
}

function refusal({ origin, destination }: CctpPair, problem: string): PermanentError {
	const details = { origin: origin.venue, destination: destination.venue };
	return new PermanentError(`CCTP from ${origin.venue} to ${destination.venue}: ${problem}`, details);
}
