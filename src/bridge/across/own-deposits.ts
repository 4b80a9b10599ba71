/** Our own deposits into a pool, read back from the chain: those of this process, of others, and of a time before. */
import { formatLog, type Hex, type Log, numberToHex, parseEventLogs, toEventSelector } from 'viem';
import { type BlockRange, chunksOf } from '../../chain/look.ts';
import { depositEventsAbi } from './abi.ts';
import type { Place } from './attribute.ts';
import { wide } from './deposit.ts';
import { asked, type PoolPlace } from './pool.ts';
import type { Payee } from './refund.ts';
import type { RelayData } from './relay.ts';

export interface OwnDeposit extends Place {
	readonly relay: RelayData;
	readonly destinationChainId: number;
}

/** Both generations of the event have the depositor as their third indexed argument. */
const DEPOSITED = depositEventsAbi.map((event) => toEventSelector(event));

/** Every deposit of ours in the range, of this token. Throws `TransientError`. */
export async function scanOwnDeposits(place: PoolPlace, { depositor, inputToken }: Payee, range: BlockRange): Promise<OwnDeposit[]> {
	return asked(place, async () => {
		const found: OwnDeposit[] = [];
		for (const { fromBlock, toBlock } of chunksOf(range)) {
			const topics: (Hex | Hex[] | null)[] = [DEPOSITED, null, null, depositor];
			const filter = { address: place.pool, topics, fromBlock: numberToHex(fromBlock), toBlock: numberToHex(toBlock) };
			const logs = await place.client.request({ method: 'eth_getLogs', params: [filter] });
			found.push(
				...depositsIn(
					logs.map((log) => formatLog(log)),
					place,
				),
			);
		}
		return found.filter(({ relay }) => relay.inputToken === inputToken);
	});
}

function depositsIn(logs: readonly Log[], { chainId }: PoolPlace): OwnDeposit[] {
	return parseEventLogs({ abi: depositEventsAbi, logs: [...logs] }).map(({ args, blockNumber, logIndex }) => ({
		blockNumber,
		logIndex,
		destinationChainId: Number(args.destinationChainId),
		relay: {
			originChainId: BigInt(chainId),
			depositId: BigInt(args.depositId),
			depositor: wide(args.depositor),
			recipient: wide(args.recipient),
			exclusiveRelayer: wide(args.exclusiveRelayer),
			inputToken: wide(args.inputToken),
			outputToken: wide(args.outputToken),
			inputAmount: args.inputAmount,
			outputAmount: args.outputAmount,
			fillDeadline: args.fillDeadline,
			exclusivityDeadline: args.exclusivityDeadline,
			message: args.message,
		},
	}));
}
