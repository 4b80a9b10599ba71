/** What a chain takes back is sent again, with the same bytes. */
import assert from 'node:assert/strict';
import { eventually } from '../../sandbox/eventually.ts';
import type { Check } from '../check.ts';
import type { Room } from '../room.ts';

/** More than pass from the approval to the send, so that both may still be taken away. */
const FINALITY_BLOCKS = 3;

export const sendsAgain: Check = {
	claim: 'a send that a reorganisation takes away is sent again',
	run: async ({ room }) => withTaken(await room({ finalityBlocks: FINALITY_BLOCKS }), ['send']),
};

export const approvesAgain: Check = {
	claim: 'so is an approval that is taken away with it',
	isAbout: ({ approves = true }) => approves,
	run: async ({ room }) => withTaken(await room({ finalityBlocks: FINALITY_BLOCKS }), ['approve', 'send']),
};

/** The newest blocks of the origin vanish as soon as the send is mined, back to before the first of these acts. */
async function withTaken(room: Room, kinds: readonly string[]): Promise<void> {
	const { world, ends, sql } = room;
	const { client } = world.chain(ends.origin.venue);
	await room.begin();
	room.hold();
	const process = room.enter();
	const minedSend = async () => (await room.movements()).sends === 1;
	await eventually('the send is mined', async () => {
		await room.step(process);
		return minedSend();
	});
	const hashes = await sql<{ hash: `0x${string}` }[]>`
		select a.hash from attempts a join effects e on e.id = a.effect_id where e.kind in ${sql([...kinds])}`;
	const receipts = await Promise.all(hashes.map(({ hash }) => client.getTransactionReceipt({ hash })));
	const head = await client.getBlockNumber();
	const first = receipts.reduce((least, { blockNumber }) => (blockNumber < least ? blockNumber : least), head);
	await client.transport.request({ method: 'anvil_reorg', params: [Number(head - first) + 1, []] });
	assert.equal((await room.movements()).sends, 0, 'the reorganisation has taken nothing away');
	await room.goTo('prove', process);
	await room.release();
	await room.goTo(null, process);
	await room.expectDelivered();
	const attempts = await sql`select 1 from attempts a join effects e on e.id = a.effect_id where e.kind = 'send'`;
	assert.equal(attempts.length, 1, `${attempts.length} transactions were signed for one send`);
}
