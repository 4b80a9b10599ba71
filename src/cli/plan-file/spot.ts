/** A value of the document together with the way to it, so that a refusal can name the key. */
import { PermanentError } from '../../errors.ts';

/** The file cannot be used; `path` is the first key that says why, and `$` the file as a whole. */
export class PlanFileError extends PermanentError {
	readonly path: string;

	constructor(path: string, problem: string) {
		super(problem, { path });
		this.path = path;
	}
}

export class Spot {
	readonly value: unknown;
	private readonly parent: Spot | null;
	private readonly key: string | number;

	constructor(value: unknown, parent: Spot | null = null, key: string | number = '') {
		this.value = value;
		this.parent = parent;
		this.key = key;
	}

	/** `routes[3].minimum`; `$` for the document itself. */
	get path(): string {
		if (this.parent === null) return '$';
		if (typeof this.key === 'number') return `${this.parent.path}[${this.key}]`;
		return this.parent.parent === null ? this.key : `${this.parent.path}.${this.key}`;
	}

	refuse(problem: string): never {
		throw new PlanFileError(this.path, problem);
	}

	/** The value of a key, and null when the object has no such key of its own. Throws `PlanFileError` unless this is an object. */
	find(key: string): Spot | null {
		const fields = this.fields();
		return Object.hasOwn(fields, key) ? new Spot(fields[key], this, key) : null;
	}

	/** The same for a key that has been required. */
	at(key: string): Spot {
		return this.find(key) ?? new Spot(undefined, this, key).refuse('is missing');
	}

	/** Throws `PlanFileError` unless this is an object that has all the required keys and, besides them, only optional ones. */
	requireKeys(required: readonly string[], optional: readonly string[] = []): void {
		const fields = this.fields();
		for (const key of required) this.at(key);
		for (const key of Object.keys(fields)) {
			if (!required.includes(key) && !optional.includes(key)) new Spot(undefined, this, key).refuse('is not a known key');
		}
	}

	/** Every key of an object with its value. */
	*entries(): Generator<readonly [string, Spot]> {
		for (const [key, value] of Object.entries(this.fields())) yield [key, new Spot(value, this, key)];
	}

	/** Every element of a list, one at a time: a file may hold millions. */
	*items(): Generator<Spot> {
		if (!Array.isArray(this.value)) this.refuse('is not a list');
		for (const [index, value] of (this.value as readonly unknown[]).entries()) yield new Spot(value, this, index);
	}

	private fields(): Readonly<Record<string, unknown>> {
		const { value } = this;
		if (typeof value !== 'object' || value === null || Array.isArray(value)) return this.refuse('is not an object');
		return value as Readonly<Record<string, unknown>>;
	}
}
