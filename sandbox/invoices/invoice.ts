/** An invoice as Everclear's API lists it, and the files that hold some. */
import { readFileSync } from 'node:fs';
import { type Address, type Hex, keccak256, slice, stringToHex } from 'viem';
import { z } from 'zod';
import type { LocalChain } from '../chains/chain.ts';
import { HUB_DECIMALS, unitsOf } from '../scale.ts';

export const USDC_TICKER = keccak256(stringToHex('USDC'));

const hex = (bytes: number) =>
	z
		.string()
		.regex(new RegExp(`^0x[0-9a-fA-F]{${bytes * 2}}$`), `is not ${bytes} bytes of hex`)
		.transform((text) => text.toLowerCase() as Hex);
const domain = z.string().regex(/^[1-9][0-9]{0,9}$/, 'is not a domain');
const account = z.union([hex(32), hex(20)]);

export const invoiceSchema = z.strictObject({
	intent_id: hex(32),
	owner: account,
	entry_epoch: z.int().min(0),
	/** 18 decimals, whatever the token has. */
	amount: z.string().regex(/^[1-9][0-9]*$/, 'is not a positive whole number as text'),
	discountBps: z.number().min(0).max(10_000),
	origin: domain,
	destinations: z.array(domain).min(1).max(10),
	hub_status: z.literal('INVOICED'),
	ticker_hash: hex(32),
	/** Unix seconds. */
	hub_invoice_enqueued_timestamp: z.int().min(1),
});

export type Invoice = z.output<typeof invoiceSchema>;

const balances = z.record(domain, z.string());

interface NewInvoice {
	/** The intent id is the hash of it, the same in every run. */
	readonly label: string;
	readonly owner: Address;
	/** Token units. */
	readonly amount: string;
	readonly origin: string;
	readonly destinations: readonly string[];
	readonly discountBps?: number;
	readonly enqueuedAt?: number;
}

let latestTimestamp = 0;

/** A well-formed invoice in USDC. Unless told otherwise each one is a second younger than the one before. */
export function invoice({ label, owner, amount, origin, destinations, discountBps = 30, enqueuedAt }: NewInvoice): Invoice {
	latestTimestamp = enqueuedAt ?? Math.max(latestTimestamp + 1, Math.floor(Date.now() / 1_000));
	return {
		intent_id: intentIdOf(label),
		owner,
		entry_epoch: 1,
		amount: `${unitsOf(amount, HUB_DECIMALS)}`,
		discountBps,
		origin,
		destinations: [...destinations],
		hub_status: 'INVOICED',
		ticker_hash: USDC_TICKER,
		hub_invoice_enqueued_timestamp: latestTimestamp,
	};
}

const intentIdOf = (label: string): Hex => keccak256(stringToHex(`ballast sandbox: ${label}`));

/** Throws with the field and the place of the first row that the API would not list, and on an id that appears twice. */
function loadInvoices(file: URL): Invoice[] {
	const rows = z.array(invoiceSchema).parse(JSON.parse(readFileSync(file, 'utf8')));
	const ids = new Set(rows.map((row) => row.intent_id));
	if (ids.size < rows.length) throw new Error(`${file.pathname}: an intent_id appears twice`);
	return rows;
}

export const demoInvoices = (): Invoice[] => loadInvoices(new URL('demo.json', import.meta.url));

/** Token units that the wallet holds at the start of the demo, by venue. */
export function demoBalances(): Readonly<Record<string, string>> {
	return balances.parse(JSON.parse(readFileSync(new URL('demo-balances.json', import.meta.url), 'utf8')));
}

/** The account at the end of a 20- or 32-byte owner. */
export function ownerAddress(owner: Hex): Address {
	return slice(owner, -20);
}

export type Chains = ReadonlyMap<string, LocalChain>;
