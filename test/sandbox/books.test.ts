import postgres from 'postgres';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkBooks } from '../../sandbox/oracle/books.ts';
import { testDatabase } from '../stack.ts';

/** A session that writes the log, and one that no trigger and no constraint sees. */
let honest: postgres.Sql;
let secret: postgres.Sql;

const EARMARK = '00000000-0000-4000-8000-0000000000e1';
const ACTIVE = '00000000-0000-4000-8000-0000000000e2';
const LEG = '00000000-0000-4000-8000-0000000000a1';
const HOLD = '00000000-0000-4000-8000-0000000000b1';
const SEND = '00000000-0000-4000-8000-0000000000f1';
const PURCHASE = '00000000-0000-4000-8000-0000000000f2';
const BALANCES = [
	{ venue: '1', asset: 'USDC', opening: 100n, closing: 59n },
	{ venue: '10', asset: 'USDC', opening: 60n, closing: 0n },
];

/** One earmark settled with a leg of 41 that brought 40, another that holds 30 of what is there, and the ledger of it all. */
const CLEAN = `
	insert into demands (id, kind, external_id, asset, enqueued_at) select id, 'invoice', id::text, 'USDC', now()
		from (values ('00000000-0000-4000-8000-0000000000d1'::uuid), ('00000000-0000-4000-8000-0000000000d2'::uuid)) d (id);
	insert into earmarks (id, demand_id, asset, venue, amount, plan) values
		('${EARMARK}', '00000000-0000-4000-8000-0000000000d1', 'USDC', '10', 100, '{"legs": []}'),
		('${ACTIVE}', '00000000-0000-4000-8000-0000000000d2', 'USDC', '1', 30, '{}');
	insert into rebalance_operations (id, earmark_id, asset, origin, destination, route, send, receive)
		values ('${LEG}', '${EARMARK}', 'USDC', '1', '10', 'across-1-10-USDC', 41, 40);
	insert into hops (leg_id, index, bridge, origin, destination, asset, to_asset, send, receive, seconds) values ('${LEG}', 0, 'across', '1', '10', 'USDC', 'USDC', 41, 40, 3);
	insert into holds (id, earmark_id, leg_id, venue, asset, amount, state) values
		('${HOLD}', '${EARMARK}', '${LEG}', '1', 'USDC', 41, 'confirmed'), (gen_random_uuid(), '${EARMARK}', null, '10', 'USDC', 60, 'confirmed'),
		(gen_random_uuid(), '${EARMARK}', '${LEG}', '10', 'USDC', 40, 'inbound'), (gen_random_uuid(), '${ACTIVE}', null, '1', 'USDC', 30, 'confirmed');
	update hops set status = 'delivered', delivered = 40, evidence = '{"depositId": "7"}';
	update rebalance_operations set status = 'delivered', delivered = 40;
	update holds set state = 'released' where earmark_id = '${EARMARK}';
	update earmarks set status = 'settled', reason = 'PURCHASED', next_action_at = now() where id = '${EARMARK}';
	insert into effects (id, owner_kind, owner_id, hop, kind, try, status, venue, signer, target, calldata, gas, payload_hash, nonce, mined_hash) values
		(gen_random_uuid(), 'leg', '${LEG}', 0, 'send', 1, 'reverted', '1', '0xs', '0xt', '0x', 1, '0xp0', 5, '0xh0'),
		('${SEND}', 'leg', '${LEG}', 0, 'send', 2, 'confirmed', '1', '0xs', '0xt', '0x', 1, '0xp1', 6, '0xh1'),
		('${PURCHASE}', 'earmark', '${EARMARK}', 0, 'purchase', 1, 'confirmed', '10', '0xs', '0xt', '0x', 1, '0xp2', 0, '0xh2');
	insert into attempts (hash, effect_id, raw, payload_hash, gas, max_fee_per_gas, max_priority_fee_per_gas)
		select mined_hash, id, '0x', payload_hash, 1, 1, 1 from effects;
	insert into signer_lanes (venue, signer, next) values ('1', '0xs', 7), ('10', '0xs', 1), ('56', '0xs', 0);
	insert into balance_snapshots (venue, asset, amount, block_number, block_hash, taken_at) values ('1', 'USDC', 59, 1, '0x', now());
	insert into ledger_entries (posting, event, account, venue, asset, amount, earmark_id, tx) values
		('00000000-0000-4000-8000-000000000001', 'sent', 'wallet', '1', 'USDC', -41, '${EARMARK}', '0xh1'),
		('00000000-0000-4000-8000-000000000001', 'sent', 'in_flight', '1', 'USDC', 41, '${EARMARK}', '0xh1'),
		('00000000-0000-4000-8000-000000000002', 'delivered', 'in_flight', '1', 'USDC', -41, '${EARMARK}', '0xf'),
		('00000000-0000-4000-8000-000000000002', 'delivered', 'bridge', '1', 'USDC', 41, '${EARMARK}', '0xf'),
		('00000000-0000-4000-8000-000000000002', 'delivered', 'bridge', '10', 'USDC', -40, '${EARMARK}', '0xf'),
		('00000000-0000-4000-8000-000000000002', 'delivered', 'wallet', '10', 'USDC', 40, '${EARMARK}', '0xf'),
		('00000000-0000-4000-8000-000000000003', 'purchased', 'wallet', '10', 'USDC', -100, '${EARMARK}', '0xh2'),
		('00000000-0000-4000-8000-000000000003', 'purchased', 'receivable', '10', 'USDC', 100, '${EARMARK}', '0xh2')`;

beforeEach(async () => {
	const url = await testDatabase();
	const connect = (settings: Record<string, string>) => postgres(url, { max: 1, onnotice: () => {}, connection: settings });
	honest = connect({ 'ballast.actor': 'test', 'ballast.reason': 'a test' });
	secret = connect({ session_replication_role: 'replica' });
	await honest.unsafe(CLEAN);
});
afterEach(async () => {
	await Promise.all([honest.end(), secret.end()]);
});

describe('the books', () => {
	it('are in order when nothing is wrong with them', async () => {
		expect(await checkBooks(honest, BALANCES)).toEqual([]);
	});

	it.each([
		[
			'an ended earmark with a leg under way',
			`update rebalance_operations set status = 'in_flight'`,
			/earmark .*e1 is settled, and its leg .*a1 is in_flight/,
		],
		[
			'an ended earmark that still holds',
			`update holds set state = 'inbound' where id = '${HOLD}'`,
			/earmark .*e1 is settled, and its hold .*b1 is inbound/,
		],
		[
			'holds above what is there',
			`update holds set amount = 60 where earmark_id = '${ACTIVE}'`,
			/60 USDC are held on 1, where 59 was seen/,
		],
		[
			'holds where nothing was ever seen',
			`update holds set venue = '56' where earmark_id = '${ACTIVE}'`,
			/30 USDC are held on 56, where nothing/,
		],
		['a nonce that nobody owns', `update signer_lanes set next = 9 where venue = '1'`, /lane of 0xs on 1: nonce 7 has no owner/],
		[
			'an act confirmed twice',
			`update effects set status = 'confirmed' where try = 1 and kind = 'send'`,
			/send of leg .*a1, hop 0, is confirmed 2 times/,
		],
		[
			'a transaction that was never written down',
			`update effects set mined_hash = '0xh9' where id = '${SEND}'`,
			/was mined in 0xh9, which was never/,
		],
	])('are not in order with %s', async (_name, breach, problem) => {
		await honest.unsafe(breach);
		expect(await checkBooks(honest, BALANCES)).toContainEqual(expect.stringMatching(problem));
	});

	it.each([
		[
			'a row that was changed past the log',
			`update holds set amount = 42 where id = '${HOLD}'`,
			[/^holds .*b1 is .*42.*replayed says .*41/],
		],
		[
			'a row that the log does not know',
			`insert into hops select (jsonb_populate_record(h, jsonb_build_object('id', gen_random_uuid(), 'index', 1))).* from hops h`,
			[/^hops .* the log replayed says null/],
		],
		['a row that is gone', `delete from holds where id = '${HOLD}'`, [/^holds .*b1 is null/]],
		[
			'an entry that was rewritten',
			`update earmark_audit_log set actor = 'somebody' where seq = 3 and earmark_id = '${EARMARK}'`,
			[/^entry 3 .* does not have the hash of its content/],
		],
		[
			'an entry that was taken out',
			`delete from earmark_audit_log where seq = 3 and earmark_id = '${EARMARK}'`,
			[/^entry 4 .* does not follow the one before/],
		],
		[
			'an entry whose before is not what was there',
			`update earmark_audit_log set before = before || '{"amount": 5}' where entity = 'holds' and before is not null and entity_id = '${HOLD}'`,
			[/does not have the hash of its content/],
		],
		['a nonce beyond its lane', `update signer_lanes set next = 6 where venue = '1'`, [/has nonce 6 on 1, where the next one is 6/]],
		['a hash of two effects', `update effects set mined_hash = '0xh1' where id = '${PURCHASE}'`, [/hash 0xh1 belongs to several effects/]],
		[
			'an attempt with another payload',
			`update attempts set payload_hash = '0xother' where hash = '0xh2'`,
			[/attempt 0xh2 has no effect with its payload/],
		],
		[
			'an attempt without an effect',
			`update attempts set effect_id = gen_random_uuid() where hash = '0xh2'`,
			[/attempt 0xh2 has no effect with its payload/],
		],
		[
			'a posting that does not sum to zero',
			`update ledger_entries set amount = 39 where account = 'wallet' and amount = 40`,
			[/leaves -1 USDC on 10/, /60 and -61 USDC are on 10/],
		],
	])('are not in order with %s', async (_name, breach, problems) => {
		await secret.unsafe(breach);
		const found = await checkBooks(honest, BALANCES);
		for (const problem of problems) expect(found).toContainEqual(expect.stringMatching(problem));
	});

	it('are not in order when an entry was forged with the right hash', async () => {
		await secret`
			insert into earmark_audit_log (earmark_id, seq, entity, entity_id, actor, reason, before, after, previous_hash, hash)
			select earmark_id, seq + 1, entity, entity_id, actor, reason, after || '{"status": "moving"}', after, hash,
				encode(sha256(convert_to(concat_ws('|', hash, earmark_id, seq + 1, entity, entity_id, actor, reason, (after || '{"status": "moving"}')::text, after::text), 'UTF8')), 'hex')
			from earmark_audit_log where earmark_id = ${EARMARK} and entity = 'earmarks' order by seq desc limit 1`;
		expect(await checkBooks(honest)).toEqual([expect.stringMatching(/^entry \d+ .* does not begin where the one before has ended/)]);
	});

	it('are compared with the chains when those are given', async () => {
		const wrong = [{ venue: '10', asset: 'USDC', opening: 60n, closing: 5n }];
		expect(await checkBooks(honest, wrong)).toEqual(['the ledger says that 60 and -60 USDC are on 10, the chain says 5']);
		expect(await checkBooks(honest)).toEqual([]);
	});

	it('say nothing about a venue that the ledger does not mention and where nothing has changed', async () => {
		expect(await checkBooks(honest, [{ venue: '56', asset: 'USDC', opening: 7n, closing: 7n }])).toEqual([]);
		expect(await checkBooks(honest, [{ venue: '56', asset: 'USDC', opening: 7n, closing: 8n }])).toHaveLength(1);
	});
});
