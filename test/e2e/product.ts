/** The product of a test file: on a database and queues of its own among the servers of the run. */
import type { World } from '../../sandbox/world.ts';
import { type Product, type ProductOptions, startProduct as start } from '../product.ts';
import { testServers } from '../stack.ts';

export function startProduct(world: World, options: ProductOptions = {}): Promise<Product> {
	return start(world, testServers, options);
}
