/** What is counted between two times that it is written. */
import { type Position, positionKey } from '../../inventory/venue.ts';
import { type Counts, NOTHING_COUNTED } from '../../store/fill-reports.ts';

type Mutable = { -readonly [Key in keyof Counts]: Counts[Key] };
type CountedPosition = Position & Counts;

const MOST: readonly (keyof Counts)[] = ['worst', 'settleMsMost'];

export class Counter {
	private counts = new Map<string, Position & Mutable>();

	/** Adds; of `worst` and `settleMsMost` the greater one stands. */
	add({ venue, asset }: Position, counts: Partial<Counts>): void {
		const key = positionKey({ venue, asset });
		const known = this.counts.get(key) ?? { venue, asset, ...NOTHING_COUNTED };
		this.counts.set(key, known);
		for (const [name, value] of Object.entries(counts) as [keyof Counts, number | bigint][]) {
			const before = known[name] as number;
			const sum = MOST.includes(name) ? (value > before ? value : before) : before + (value as number);
			(known as Record<keyof Counts, number | bigint>)[name] = sum;
		}
	}

	/** All of it, and begins anew. */
	take(): CountedPosition[] {
		const taken = [...this.counts.values()];
		this.counts = new Map();
		return taken;
	}

	/** What was taken and could not be written. */
	putBack(taken: readonly CountedPosition[]): void {
		for (const { venue, asset, ...counts } of taken) this.add({ venue, asset }, counts);
	}
}
