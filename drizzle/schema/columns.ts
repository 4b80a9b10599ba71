/** The few column shapes that every table shares. */
import { type SQL, sql } from 'drizzle-orm';
import { customType, integer, timestamp } from 'drizzle-orm/pg-core';

/** `numeric(78,0)`: base units, or 18-decimal hub units where the column's name ends in `_hub`. Holds any uint256 exactly. */
export const units = customType<{ data: bigint; driverData: string }>({
	dataType: () => 'numeric(78,0)',
	toDriver: (value) => value.toString(),
	fromDriver: (value) => BigInt(value),
});

export const instant = (name: string) => timestamp(name, { withTimezone: true, mode: 'string' });

export const createdAt = () => instant('created_at').notNull().defaultNow();
export const updatedAt = () => instant('updated_at').notNull().defaultNow();
/** Counts the writes of a row; a compare-and-set names the version that it has read. */
export const version = () => integer('version').notNull().default(0);

/** `column in ('a', 'b')`, generated from the same list as the transitions. */
export function oneOf(column: string, values: readonly string[]): SQL {
	return sql.raw(`"${column}" in (${values.map((value) => `'${value}'`).join(', ')})`);
}

export function uint256(column: string): SQL {
	return sql.raw(`"${column}" >= 0 and "${column}" < 2::numeric ^ 256`);
}
