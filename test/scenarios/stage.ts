/** What a scenario plays on: a world, the product on it, and everything that is said in the order in which it happens. */
import type { Hex } from 'viem';
import { tell } from '../../sandbox/demo/story.ts';
import { invoice } from '../../sandbox/invoices/invoice.ts';
import type { OracleChain } from '../../sandbox/oracle/chains.ts';
import { openings } from '../../sandbox/oracle/openings.ts';
import { unitsOf } from '../../sandbox/scale.ts';
import type { World } from '../../sandbox/world.ts';
import { getEarmarkForInvoice, type OnDemandRebalanceEarmark } from '../../src/on-demand.ts';
import { startWorkerProcess, type WorkerProcess } from '../e2e/worker-process.ts';
import { demandOf, type Product, type ProductOptions, type Servers, startProduct, until } from '../product.ts';

interface ShownInvoice {
	/** Token units. */
	readonly amount: string;
	/** Chain ids as text. */
	readonly destinations: readonly string[];
	readonly origin?: string;
	readonly discountBps?: number;
}

export interface Stage {
	readonly world: World;
	/** Throws before `open`. */
	readonly product: Product;
	/** Funds the wallet (token units by venue) and starts the product. */
	open(balances: Readonly<Record<string, string>>, options?: ProductOptions): Promise<void>;
	/** Stops the product and starts it again on the same database and queues, as after a restart of everything. */
	reopen(options?: ProductOptions): Promise<void>;
	/** Workers in processes of their own, until the stage closes. */
	addWorkers(count: number): Promise<void>;
	/** Lists an invoice and returns its intent id. */
	show(invoice: ShownInvoice): Promise<Hex>;
	say(sentence: string): void;
	until<T>(what: string, look: () => Promise<T | null>, withinMs?: number): Promise<T>;
	/** Waits until the demand has this status; of an open one also the reason. */
	untilDemand(invoiceId: string, status: string, reason?: string): Promise<void>;
	/** Waits until a leg of the invoice's earmark from that origin has this status. */
	untilLeg(invoiceId: string, origin: string, status: string): Promise<void>;
	/** Throws when there is none. */
	earmarkOf(invoiceId: string): Promise<OnDemandRebalanceEarmark>;
	/** How many messages of the log had this text so far. */
	told(message: string): number;
	/** Lines of the log so far. */
	readonly lines: number;
	/** The wallet's opening balances; what the oracle judges against. */
	readonly before: readonly OracleChain[];
	close(): Promise<void>;
}

const OWNER = '0x90F79bf6EB2c4f870365E785982E1f101E93b906';
let invoices = 0;

/** `hear` gets every sentence of the story. */
export function createStage(world: World, servers: Servers, hear: (sentence: string) => void): Stage {
	const messages = new Map<string, number>();
	const nameOf = (venue: string) => world.chains.get(venue)?.name ?? venue;
	let product: Product | null = null;
	let before: OracleChain[] = [];
	let own: Servers = servers;
	const workers: WorkerProcess[] = [];
	let lines = 0;
	const onLog = (text: string) => {
		lines += 1;
		const line = JSON.parse(text) as { level: string; msg: string };
		messages.set(line.msg, (messages.get(line.msg) ?? 0) + 1);
		const sentence = tell({ ...line, process: 'product' }, nameOf);
		if (sentence !== null) hear(sentence);
	};
	const stage: Stage = {
		world,
		get product() {
			if (product === null) throw new Error('the scenario has not opened its stage');
			return product;
		},
		get before() {
			return before;
		},
		async open(balances, options = {}) {
			for (const [venue, tokenUnits] of Object.entries(balances)) await world.fund(venue, tokenUnits);
			before = await openings(world);
			product = await startProduct(world, servers, { ...options, onLog });
			const { databaseUrl, settings } = product;
			own = { database: async () => databaseUrl, queues: () => settings };
			hear(
				`the wallet holds ${Object.entries(balances)
					.map(([venue, units]) => `${units} on ${nameOf(venue)}`)
					.join(', ')}`,
			);
		},
		async reopen(options = {}) {
			await product?.stop();
			product = await startProduct(world, own, { ...options, onLog });
			hear('everything was stopped and started again');
		},
		async addWorkers(count) {
			const added = Array.from({ length: count }, () => startWorkerProcess(world, stage.product));
			workers.push(...added);
			await Promise.all(added.map((worker) => worker.started));
			hear(`${count} worker processes are up`);
		},
		async show({ amount, destinations, origin = '56', discountBps = 30 }) {
			invoices += 1;
			const made = invoice({ label: `scenario ${invoices}`, owner: OWNER, amount, origin, destinations, discountBps });
			await world.everclear.addInvoice(made);
			hear(`an invoice of ${amount} USDC appears, payable on ${destinations.map(nameOf).join(' or ')}`);
			return made.intent_id;
		},
		say: hear,
		until,
		untilDemand: async (invoiceId, status, reason) =>
			void (await until(`invoice ${invoiceId} is ${status} ${reason ?? ''}`, async () => {
				const row = await demandOf(stage.product.sql, invoiceId);
				return row?.status === status && (reason === undefined || row.reason === reason) ? true : null;
			})),
		untilLeg: async (invoiceId, origin, status) =>
			void (await until(`the leg from ${origin} is ${status}`, async () => {
				const earmark = await getEarmarkForInvoice(stage.product.store.db, invoiceId);
				return earmark?.operations.some((leg) => leg.origin === origin && leg.status === status) === true ? true : null;
			})),
		async earmarkOf(invoiceId) {
			const earmark = await getEarmarkForInvoice(stage.product.store.db, invoiceId);
			if (earmark === null) throw new Error(`invoice ${invoiceId} has no earmark`);
			return earmark;
		},
		get lines() {
			return lines;
		},
		told: (message) => messages.get(message) ?? 0,
		async close() {
			await Promise.all(workers.map((worker) => worker.stop()));
			await product?.stop();
		},
	};
	return stage;
}

/** Token units as the hub counts them, with 18 decimals. */
export const hubUnits = (tokenUnits: string): bigint => unitsOf(tokenUnits, 18);
