/** CCTP's sandbox for the tests of a file: as new before each of them, with a clock of the attesters that stands still. */
import { afterAll, beforeAll, beforeEach } from 'vitest';
import { startWorld, type World } from '../../sandbox/world.ts';
import { type Burned, burn, type Order } from './burn.ts';

export const USDC = 1_000_000n;
export const START_MS = 1_700_000_000_000;

interface Attesters {
	readonly world: World;
	/** The attesters' clock; it stands still unless a test moves it. */
	clockMs: number;
	/** Burns 100 USDC on chain 1 for chain 10, unless told otherwise. */
	send(order?: Partial<Order>): Promise<Burned>;
}

export function useAttesters(): Attesters {
	let world: World;
	beforeAll(async () => {
		world = await startWorld({ blockSeconds: 0, balances: {} });
	});
	afterAll(() => world.stop());
	beforeEach(async () => {
		await world.reset();
		attesters.clockMs = START_MS;
		world.cctp.iris.nowMs = () => attesters.clockMs;
		await world.fund('1', '10000');
	});
	const attesters: Attesters = {
		get world() {
			return world;
		},
		clockMs: START_MS,
		send: (order = {}) => burn(world, { origin: '1', destination: '10', units: 100n * USDC, ...order }),
	};
	return attesters;
}
