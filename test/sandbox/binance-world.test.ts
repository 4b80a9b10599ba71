import { afterAll, beforeAll, expect, it } from 'vitest';
import { startWorld, type World } from '../../sandbox/world.ts';
import { eventually } from './eventually.ts';

let world: World;
beforeAll(async () => {
	world = await startWorld({ balances: { 1: '100' }, exchange: true });
});
afterAll(() => world.stop());

it('a world may have an exchange, which forgets with it and goes on', async () => {
	const { binance } = world;
	if (binance === null) throw new Error('the world has no exchange');
	const deposited = async () => {
		await world.fund('1', '12.5', binance.depositAddress('ETH'));
		await eventually('the deposit may be withdrawn', async () => binance.balance('USDC').free === '12.5');
	};
	await deposited();
	await world.reset();
	expect([binance.balance('USDC'), binance.deposits()]).toEqual([{ free: '0', locked: '0' }, []]);
	await deposited();
	expect(binance.deposits()).toHaveLength(1);
});
