/** What the hub holds per domain, with 18 decimals: free, or owed to the buyers of invoices that it has settled. */

/**
 * Two of the smallest steps of a token with 6 decimals. Buyers deposit whole steps, so they bring up to one more than the minimum, and
 * earn a discount on it. That much is swept from where they pay and added to where they are paid: in the custody of a hub as small as
 * this one it would move the minimum amounts of everybody else by a hair, and buyers would wait for it for ever.
 */
export const ROUNDING = 2n * 10n ** 12n;
/** What rounding has left over of many invoices, and nobody misses. */
const NEGLIGIBLE = 10n ** 15n;

interface Custody {
	/** What may settle invoices. */
	free(domain: string): bigint;
	add(domain: string, amount: bigint): void;
	/** Sets aside what an invoice's own deposit had brought, and its rounding, until its buyers are paid. */
	owe(domain: string, amount: bigint): void;
	/** Takes a buyer's amount out, from what is owed first. Returns false, and takes nothing, when there is not enough. */
	takeOut(domain: string, amount: bigint): boolean;
	/** Every buyer is paid: what is still set aside becomes free. */
	release(): void;
	clear(): void;
}

export function createCustody(): Custody {
	const free = new Map<string, bigint>();
	const owed = new Map<string, bigint>();
	const of = (amounts: ReadonlyMap<string, bigint>, domain: string) => amounts.get(domain) ?? 0n;
	const add = (domain: string, amount: bigint) => void free.set(domain, of(free, domain) + amount);
	return {
		free: (domain) => of(free, domain),
		add,
		owe: (domain, amount) => void owed.set(domain, of(owed, domain) + amount + ROUNDING),
		takeOut(domain, amount) {
			const [set, loose] = [of(owed, domain), of(free, domain)];
			if (set + loose < amount) return false;
			const fromSet = set < amount ? set : amount;
			owed.set(domain, set - fromSet);
			free.set(domain, loose - (amount - fromSet));
			return true;
		},
		release() {
			for (const [domain, amount] of owed) if (amount >= NEGLIGIBLE) add(domain, amount);
			owed.clear();
		},
		clear() {
			free.clear();
			owed.clear();
		},
	};
}
