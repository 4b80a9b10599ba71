import postgres from 'postgres';
import { type Address, encodeFunctionData, erc20Abi } from 'viem';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OracleChain } from '../../sandbox/oracle/chains.ts';
import { accountsSince, openings } from '../../sandbox/oracle/openings.ts';
import { checkSent } from '../../sandbox/oracle/sent.ts';
import { startWorld, type World } from '../../sandbox/world.ts';
import { testDatabase } from '../stack.ts';

const STRANGER: Address = '0x90F79bf6EB2c4f870365E785982E1f101E93b906';

let world: World;
let sql: postgres.Sql;
let before: OracleChain[];
beforeAll(async () => {
	world = await startWorld({ blockSeconds: 0, balances: { 1: '10' } });
	sql = postgres(await testDatabase(), { max: 1, onnotice: () => {} });
	before = await openings(world);
});
afterAll(async () => {
	await sql.end();
	await world.stop();
});

const check = () => checkSent(sql, accountsSince(world, before), world.wallet);

describe('what our account has sent', () => {
	it('is nothing to complain about as long as it is nothing', async () => {
		expect(await check()).toEqual([]);
	});

	it('was written down before, and goes and gives leave to nobody but our bridges, tokens and the hub', async () => {
		const { client, usdc, spokePool } = world.chain('1');
		const approve = (spender: Address) => encodeFunctionData({ abi: erc20Abi, functionName: 'approve', args: [spender, 1n] });
		const sent = [
			await client.execute({ from: world.wallet, to: usdc, data: approve(spokePool) }),
			await client.execute({ from: world.wallet, to: usdc, data: approve(STRANGER) }),
			await client.execute({ from: world.wallet, to: STRANGER, data: '0x' }),
		].map(({ transactionHash }) => transactionHash);
		const unwritten = (hash: string | undefined) => `transaction ${hash} on 1 was never written down`;
		expect((await check()).sort()).toEqual(
			[
				...sent.map(unwritten),
				`transaction ${sent[1]} on 1 lets ${STRANGER} spend, which it may not`,
				`transaction ${sent[2]} on 1 calls ${STRANGER.toLowerCase()}, which it may not`,
			].sort(),
		);
	});
});
