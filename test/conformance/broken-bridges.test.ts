/** The exam is shown bridges that are wrong in one way each, so that a check gone blind fails here. */
import { encodeFunctionData, erc20Abi } from 'viem';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startWorld, type World } from '../../sandbox/world.ts';
import type { BridgeAdapter } from '../../src/bridge/bridge.ts';
import { InvariantError, PermanentError, TransientError } from '../../src/errors.ts';
import type { HopOrder } from '../../src/leg/order.ts';
import { amount } from '../../src/money/amount.ts';
import { testDatabase } from '../stack.ts';
import { CHECKS, examine } from './exam.ts';

let world: World;
beforeAll(async () => {
	world = await startWorld({ blockSeconds: 0, balances: {}, exchange: true });
});
afterAll(() => world.stop());

interface Broken {
	readonly bridge: string;
	/** The claim that it breaks. */
	readonly claim: string;
	readonly problem: RegExp;
	readonly adapt: (adapter: BridgeAdapter) => BridgeAdapter;
}

/** The node signs for the wallet: what no adapter could do. */
async function sendAgain(adapter: BridgeAdapter, order: HopOrder): Promise<void> {
	const { client } = world.chain(order.origin.venue);
	const spend = adapter.spend(order);
	if (spend === null) throw new Error('nothing is spent');
	await world.fund(order.origin.venue, '100');
	const data = encodeFunctionData({ abi: erc20Abi, functionName: 'approve', args: [spend.spender, spend.amount] });
	await client.execute({ from: order.sender, to: spend.token, data });
	const call = await adapter.send(order);
	await client.execute({ from: order.sender, to: call.to, data: call.data });
}

const BROKEN: Readonly<Record<string, Broken>> = {
	'promises what it does not keep': {
		bridge: 'across',
		claim: 'a quote never promises more than arrives',
		problem: /is promised by the quote/,
		adapt: (adapter) => ({
			...adapter,
			quote: async (request) => ({ ...(await adapter.quote(request)), receive: request.send, fixedFee: amount(0n), feeBps: '0' }),
		}),
	},
	'says that more has arrived': {
		bridge: 'across',
		claim: 'received is what the chain says',
		problem: /the hop says that \d+ arrived, the chain says \d+/,
		adapt: (adapter) => ({
			...adapter,
			verify: async (...asked) => {
				const delivery = await adapter.verify(...asked);
				return { ...delivery, amount: amount(delivery.amount + 1n) };
			},
		}),
	},
	'counts in what somebody else has paid': {
		bridge: 'across',
		claim: 'received is what the chain says',
		problem: /what somebody else has paid is counted in/,
		adapt: (adapter) => ({
			...adapter,
			verify: async (order, ...rest) => ({
				...(await adapter.verify(order, ...rest)),
				amount: amount(await world.balanceOf(order.destination.venue, order.recipient)),
			}),
		}),
	},
	'sends again while it waits': {
		bridge: 'cctp-v2',
		claim: 'send is idempotent',
		problem: /the wallet has sent [2-9] times/,
		adapt: (adapter) => ({
			...adapter,
			prove: async (order, evidence) => {
				await sendAgain(adapter, order);
				return adapter.prove(order, evidence);
			},
		}),
	},
	'remembers instead of reading its evidence': {
		bridge: 'cctp-v2',
		claim: 'every step resumes from its evidence',
		problem: /never sent/,
		adapt: (adapter) => {
			let hasSent = false;
			return {
				...adapter,
				send: (order) => {
					hasSent = true;
					return adapter.send(order);
				},
				prove: async (order, evidence) => {
					if (!hasSent) throw new InvariantError('never sent');
					return adapter.prove(order, evidence);
				},
			};
		},
	},
	'asks again for what is only late': {
		bridge: 'binance',
		claim: 'what is asked for and late is not asked for again',
		problem: /more than one withdrawal under the key|happened twice/,
		adapt: (adapter) => {
			const { requests } = adapter;
			if (requests === undefined) throw new Error('it asks for nothing');
			// Otherwise the free balance would stand in the way.
			world.binance?.credit('USDC', '1000');
			const look: typeof requests.look = async (...asked) => {
				const sight = await requests.look(...asked);
				return sight.state === 'pending' ? { state: 'absent' } : sight;
			};
			return { ...adapter, requests: { ...requests, look } };
		},
	},
	'takes 404 for failure': {
		bridge: 'cctp-v2',
		claim: 'nothing fails when an API answers 404',
		problem: /there is no such transfer/,
		adapt: (adapter) => ({
			...adapter,
			prove: async (order, evidence) => {
				const proof = await adapter.prove(order, evidence);
				if (proof.state === 'pending' && proof.note.includes('not seen')) throw new PermanentError('there is no such transfer');
				return proof;
			},
		}),
	},
	'takes what it cannot see for lost': {
		bridge: 'across',
		claim: 'unknown is never failed',
		problem: /what was not seen counts as ended/,
		adapt: (adapter) => ({
			...adapter,
			prove: async (order, evidence) => {
				try {
					return await adapter.prove(order, evidence);
				} catch (error) {
					if (error instanceof TransientError) return { state: 'returned', evidence: { ...evidence, refundTx: evidence.depositTx ?? '' } };
					throw error;
				}
			},
			verify: async (order, proof, claimed) =>
				'refundTx' in proof
					? { venue: order.origin.venue, amount: order.send, transactionHash: `0x${'12'.repeat(32)}`, blockNumber: 1n }
					: adapter.verify(order, proof, claimed),
		}),
	},
	'knows only what it has claimed itself': {
		bridge: 'cctp-v2',
		claim: 'what somebody else claims first is adopted',
		problem: /not claimed by us/,
		adapt: (adapter) => ({
			...adapter,
			verify: async (order, proof, claimed) => {
				if (claimed === null) throw new InvariantError('not claimed by us');
				return adapter.verify(order, proof, claimed);
			},
		}),
	},
	'cannot read back what it has sent': {
		bridge: 'across',
		claim: 'what is under way is found again on the chains alone',
		problem: /Expected values to be strictly deep-equal/,
		adapt: (adapter) => ({ ...adapter, recover: () => null }),
	},
	'sends at any price': {
		bridge: 'across',
		claim: 'an order that cannot be kept is refused before anything leaves',
		problem: /Missing expected rejection/,
		adapt: (adapter) => ({ ...adapter, send: (order) => adapter.send({ ...order, receive: amount(1n) }) }),
	},
};

const hall = () => ({ world, database: testDatabase });

describe('the exam', () => {
	it.each(Object.entries(BROKEN))('is not passed by a bridge that %s', async (_, { bridge, claim, problem, adapt }) => {
		const check = CHECKS.find((each) => each.claim === claim);
		if (check === undefined) throw new Error(`nothing is checked by the claim "${claim}"`);
		const mark = await examine(hall(), { bridge, check, isFull: false, adapt });
		expect(mark).toEqual({ state: 'failed', problem: expect.stringMatching(problem) });
	});

	it('is not passed by a bridge that has no stand, and names it', async () => {
		const [check] = CHECKS;
		if (check === undefined) throw new Error('nothing is checked');
		const mark = await examine(hall(), { bridge: 'carrier-pigeon', check, isFull: false });
		expect(mark).toEqual({
			state: 'failed',
			problem: expect.stringMatching(/bridge carrier-pigeon has no stand in test\/conformance\/stands/),
		});
	});
});
