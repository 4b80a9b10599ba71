/** Circle's CCTP V2 on the local chains: its contracts, its attesters, and Iris in front of them. */
import { type Address, encodeFunctionData, type Hash, type Hex } from 'viem';
import { RIVAL } from '../chains/accounts.ts';
import type { LocalChain } from '../chains/chain.ts';
import { type ApiFace, startApi } from '../http/api-server.ts';
import { unitsOf } from '../scale.ts';
import { messengerAbi, minterAbi, transmitterAbi } from './abi.ts';
import { attest, CCTP_OPERATOR } from './attesters.ts';
import type { Burn } from './burns.ts';
import { type CctpChain, deployCctp } from './deploy.ts';
import { createFees, type FeeTable } from './fees.ts';
import { type Iris, startIris } from './iris.ts';
import { irisApi } from './iris-api.ts';
import { createLimit, type RequestLimit } from './request-limit.ts';

/** Its address, faults and counts are those of Iris. */
export interface Cctp extends ApiFace {
	/** Requests per second, those that a fault refuses left out. */
	readonly requests: Pick<RequestLimit, 'perSecond' | 'peak'>;
	readonly iris: Iris;
	/** By chain id as decimal text; a chain without CCTP is not among them. */
	readonly chains: ReadonlyMap<string, CctpChain>;
	/** Throws when there is no CCTP there. */
	chain(venue: string): CctpChain;
	/** Sets what a pair costs, in basis points as text; venues as chain ids in text, what is left out stays. */
	setFee: FeeTable['set'];
	/** Whether a chain is so slow to be final that there is usually a faster way from it. */
	isFastFrom: FeeTable['isFastFrom'];
	/** The most that one message burns, in token units; nothing with "0". */
	setBurnLimit(venue: string, tokenUnits: string): Promise<void>;
	/** The least fee that the contract of the origin takes, in thousandths of a basis point. */
	setMinFee(venue: string, thousandths: bigint): Promise<void>;
	/** While paused, nothing is burned or minted there. */
	setPaused(venue: string, isPaused: boolean): Promise<void>;
	/** The burns of a transaction that the attesters know, in the order of its logs. */
	burnsOf(transactionHash: Hash): Burn[];
	/** Somebody else claims a message that is attested. Throws when it is not, or when the contract refuses it. Returns the mined call. */
	mintFor(burn: Burn, by?: Address): Promise<Hash>;
	/** The chains were taken back: forgets every burn and undoes every setting. */
	forget(): Promise<void>;
	stop(): Promise<void>;
}

export async function startCctp(chains: ReadonlyMap<string, LocalChain>): Promise<Cctp> {
	const deployed = await deployCctp(chains.values());
	const byVenue = new Map(deployed.map((each) => [each.chain.id, each]));
	const fees = createFees();
	const iris = startIris(deployed, fees);
	const limit = createLimit(iris);
	const api = await startApi(irisApi({ iris, chains: deployed, fees, limit }));
	const chain = (venue: string): CctpChain => {
		const found = byVenue.get(venue);
		if (found === undefined) throw new Error(`there is no CCTP on chain ${venue}: only on ${[...byVenue.keys()].join(', ')}`);
		return found;
	};
	const stopApi = api.stop;
	return Object.assign(api, {
		requests: limit,
		iris,
		chains: byVenue,
		chain,
		setFee: fees.set,
		isFastFrom: fees.isFastFrom,
		...controls(chain),
		burnsOf: (hash) => [...iris.burns.values()].filter(({ transactionHash }) => transactionHash === hash).sort((a, b) => a.place - b.place),
		mintFor,
		async forget() {
			api.counts.clear();
			api.fault = () => undefined;
			limit.clear();
			fees.clear();
			await iris.forget();
		},
		stop: async () => void (await Promise.all([stopApi(), iris.poller.stop()])),
	} satisfies Omit<Cctp, keyof ApiFace>);
}

/** What Circle can do to its own contracts; undone when the chains are taken back. */
function controls(chain: Cctp['chain']): Pick<Cctp, 'setBurnLimit' | 'setMinFee' | 'setPaused'> {
	const operate = async ({ chain: { client } }: CctpChain, to: Address, data: Hex) =>
		void (await client.execute({ from: CCTP_OPERATOR, to, data }));
	return {
		setBurnLimit(venue, tokenUnits) {
			const at = chain(venue);
			const args = [at.chain.usdc, unitsOf(tokenUnits, at.chain.decimals)] as const;
			return operate(at, at.tokenMinter, encodeFunctionData({ abi: minterAbi, functionName: 'setMaxBurnAmountPerMessage', args }));
		},
		setMinFee: (venue, thousandths) =>
			operate(
				chain(venue),
				chain(venue).tokenMessenger,
				encodeFunctionData({ abi: messengerAbi, functionName: 'setMinFee', args: [thousandths] }),
			),
		setPaused: (venue, isPaused) =>
			operate(
				chain(venue),
				chain(venue).messageTransmitter,
				encodeFunctionData({ abi: transmitterAbi, functionName: isPaused ? 'pause' : 'unpause' }),
			),
	};
}

async function mintFor({ attested, destination, nonce }: Burn, by: Address = RIVAL.address): Promise<Hash> {
	if (attested === null) throw new Error(`message ${nonce} is not attested yet`);
	const data = encodeFunctionData({ abi: transmitterAbi, functionName: 'receiveMessage', args: [attested, await attest(attested)] });
	const receipt = await destination.chain.client.execute({ from: by, to: destination.messageTransmitter, data });
	return receipt.transactionHash;
}
