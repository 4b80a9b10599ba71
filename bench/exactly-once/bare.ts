/**
 * A bare BullMQ job of the shape of a leg, as one writes it with BullMQ and viem alone: what a leg is compared with.
 *
 * The same: one flow of three jobs (settle over prove over send, the first left lying), so the same number of hand-overs, on the same Redis;
 * the same adapter, which builds the sending call, reads its receipt and verifies what has arrived; an approval and a send, each signed with the
 * same key, broadcast, and waited for until its receipt is there; an endpoint of the same kind before a node of the same kind.
 *
 * Not there: the database, and so intent, claim, lane, stored bytes, audit and outbox; a second look before signing; going back to the queue
 * instead of waiting within the job. What it is to do stands in memory. Killed between two of its lines, it sends again or forgets.
 */
import assert from 'node:assert/strict';
import { type Address, createWalletClient, type Hex, http, publicActions, type TransactionReceipt } from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import type { FlowRequest, JobRequest } from '../../queues/job.ts';
import { connectQueues, openProducer, type QueueSettings } from '../../queues/queue.ts';
import type { LocalChain } from '../../sandbox/chains/chain.ts';
import { viemChain } from '../../sandbox/chains/client.ts';
import type { BridgeAdapter } from '../../src/bridge/bridge.ts';
import { approveCalldata } from '../../src/chain/payload.ts';
import type { Evidence, HopOrder } from '../../src/leg/order.ts';
import { POLL_MS } from './ground.ts';

interface BareParts {
	readonly chain: LocalChain;
	readonly signerKey: Hex;
	readonly settings: QueueSettings;
	readonly bridge: BridgeAdapter;
}

interface Bare {
	/** Resolves when what the order brings has been verified. One at a time. */
	run(order: HopOrder): Promise<void>;
	stop(): Promise<void>;
}

interface Run {
	readonly order: HopOrder;
	done(): void;
	fail(error: Error): void;
}

const QUEUES = { send: 'bare-send', prove: 'bare-prove', settle: 'bare-settle' };

export function startBare({ chain, signerKey, settings, bridge }: BareParts): Bare {
	const connection = connectQueues(settings);
	const { classes, workerOptions } = connection;
	const producer = openProducer(connection, []);
	const send = sender(chain, signerKey);
	let count = 0;
	let run: Run | null = null;
	const current = (): Run => run ?? assert.fail('there is no order');
	const sending = new classes.Worker(
		QUEUES.send,
		async (): Promise<Evidence> => {
			const { order } = current();
			const spend = bridge.spend(order);
			if (spend !== null) await send({ to: spend.token, data: approveCalldata(spend.spender, spend.amount) });
			return bridge.evidence(order, await send(await bridge.send(order)));
		},
		workerOptions,
	);
	const proving = new classes.Worker(
		QUEUES.prove,
		async (job) => {
			const { order, done } = current();
			const [evidence] = Object.values(await job.getChildrenValues<Evidence>());
			const proof = await bridge.prove(order, evidence ?? assert.fail('the sending job has left nothing'));
			assert(proof.state === 'proven', `a proof of the bare job is ${proof.state}`);
			await bridge.verify(order, proof.evidence, null);
			done();
		},
		workerOptions,
	);
	for (const worker of [sending, proving]) worker.on('failed', (_, error) => run?.fail(error));
	return {
		async run(order) {
			count += 1;
			const ended = new Promise<void>((done, fail) => {
				run = { order, done, fail };
			});
			await producer.addFlows([flowOf(count)]);
			await ended;
		},
		async stop() {
			await Promise.all([sending.close(), proving.close()]);
			await producer.close();
			await connection.close();
		},
	};
}

/** The flow of an earmark with one leg of one hop. */
function flowOf(number: number): FlowRequest {
	const job = (name: keyof typeof QUEUES): JobRequest => {
		return { queue: QUEUES[name], name, id: `${name}-${number}`, data: { number }, attempts: 1, backoffMs: 500 };
	};
	const send: FlowRequest = { ...job('send'), children: [], onFailure: 'fail-parent' };
	return { ...job('settle'), children: [{ ...job('prove'), children: [send], onFailure: 'ignore' }], onFailure: 'ignore' };
}

/** Fills in nonce, fees and gas, signs, broadcasts, and waits for the receipt. Throws when the call has reverted. */
function sender({ chainId, name, url }: LocalChain, signerKey: Hex) {
	const chain = viemChain(chainId, name, url);
	const client = createWalletClient({ account: privateKeyToAccount(signerKey), chain, transport: http(), pollingInterval: POLL_MS });
	const reader = client.extend(publicActions);
	return async (call: { readonly to: Address; readonly data: Hex }): Promise<TransactionReceipt> => {
		const receipt = await reader.waitForTransactionReceipt({ hash: await client.sendTransaction(call) });
		assert.equal(receipt.status, 'success');
		return receipt;
	};
}
