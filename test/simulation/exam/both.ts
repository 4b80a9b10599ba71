/**
 * Both stores under the functions of one: each question is put to the store in memory and to PostgreSQL, in the same transaction of each, and
 * their answers are compared. Ids and time are the same in both, so that answers are equal as they are. The exam is linked with it (`load.ts`).
 */
import type { Db, Tx } from '../../../src/store/db.ts';
import { type Handle, Memory, type MemoryOptions, type Rows } from '../store/memory.ts';
import { tellTime } from './clock.ts';
import { type Answer, differenceOf, postingsNamed, rowsApart, short, text, whatToDo } from './difference.ts';
import { TABLES } from './tables.ts';

type Work = (tx: Tx) => Promise<unknown>;
// biome-ignore lint/suspicious/noExplicitAny: the functions of a store have nothing in common but their first parameter
type Ask = (handle: any, ...rest: any[]) => any;
type Call = (...given: unknown[]) => unknown;

interface Asked {
	/** Of both stores; null for what is no function of theirs. */
	readonly module: string | null;
	readonly name: string;
	/** Without the handle. */
	readonly given: readonly unknown[];
}

interface Question extends Asked {
	readonly real: Ask;
	readonly double: Ask;
}

/** Questions in the middle of which others are asked, by what they call. */
const NESTED: readonly string[] = ['inTransaction', 'relayOutbox'];

const questions = new Set<string>();
const answered = new Set<string>();

/** The functions of a module that both stores have, each asking both; what is one and the same in both is left as it is. */
export function paired(module: string, real: Readonly<Record<string, Ask>>, memory: Readonly<Record<string, Ask>>): Record<string, Ask> {
	const pair = ([name, double]: [string, Ask]): [string, Ask][] => {
		const original = real[name];
		// A double may have a helper of its own.
		if (original === undefined) return [];
		if (original === double) return [[name, original]];
		questions.add(`${module}.${name}`);
		return [
			[
				name,
				async (handle: PairedHandle, ...given) => {
					const answer = await handle.both.ask(handle, { module, name, real: original, double, given });
					answered.add(`${module}.${name}`);
					return answer;
				},
			],
		];
	};
	return Object.fromEntries(Object.entries(memory).flatMap(pair));
}

/** The functions of doubles that have answered nothing so far, or have thrown whatever they were asked. */
export const unanswered = (): string[] => [...questions].filter((name) => !answered.has(name)).sort();

/** A connection or a transaction of both. */
interface PairedHandle {
	readonly both: Both;
	readonly memory: Db | Tx;
	readonly postgres: Db | Tx;
	readonly isRoot: boolean;
	/** One question after the other: both stores hear them in the same order. */
	turn: Promise<unknown>;
	transaction(work: Work): Promise<unknown>;
}

/** What one of the stores has said that the other has not. Nothing can be asked any more. */
class Difference extends Error {}

export class Both implements Rows {
	readonly memory: Memory;
	readonly db: Db;
	private readonly postgres: Db;
	private readonly options: MemoryOptions;
	/** While a question is being asked time stands still. */
	private stillMs: number | null = null;
	private begunMs = 0;
	private told = '';
	difference: Difference | null = null;

	constructor(postgres: Db, options: MemoryOptions) {
		this.postgres = postgres;
		this.options = options;
		this.memory = new Memory({ ...options, nowMs: () => this.nowMs() });
		this.db = this.handle(this.memory.db, postgres) as unknown as Db;
	}

	private nowMs(): number {
		return this.stillMs ?? this.options.nowMs();
	}

	private handle(memory: Db | Tx, postgres: Db | Tx): PairedHandle {
		const { isRoot } = memory as unknown as Handle;
		const transaction: PairedHandle['transaction'] = (work) =>
			this.ask(handle, { module: 'db', name: 'transaction', real: begin, double: begin, given: [work] });
		const handle: PairedHandle = { both: this, memory, postgres, isRoot, turn: Promise.resolve(), transaction };
		return handle;
	}

	ask(handle: PairedHandle, question: Question): Promise<unknown> {
		const mine = handle.turn.then(async () => {
			if (this.difference !== null) throw this.difference;
			const [inMemory, inPostgres] = await this.answers(handle, question);
			this.compare(question, inMemory, inPostgres);
			if ('error' in inMemory) throw inMemory.error;
			return inMemory.value;
		});
		handle.turn = mine.catch(() => {});
		return mine;
	}

	private async answers(handle: PairedHandle, question: Question): Promise<[Answer, Answer]> {
		this.stillMs = this.options.nowMs();
		if (handle.isRoot) this.begunMs = this.stillMs;
		try {
			// It is not waited for: what one connection is told, it does in the order of the telling.
			void this.tellTime(handle.postgres, this.stillMs);
			if (question.name === 'transaction' || NESTED.includes(question.name)) return await this.nested(handle, question);
			const { real, double, given } = question;
			const calls = new Recorded();
			const inMemory = await answerOf(() => double(handle.memory, ...given.map((each) => calls.recording(each))));
			const inPostgres = await answerOf(() => real(handle.postgres, ...given.map((each) => calls.replaying(each))));
			return [inMemory, inPostgres];
		} finally {
			this.stillMs = null;
		}
	}

	/** The last argument is called once, in the middle of both. */
	private async nested({ memory, postgres }: PairedHandle, { module, name, real, double, given }: Question): Promise<[Answer, Answer]> {
		const rest = given.slice(0, -1);
		const work = given.at(-1) as Call;
		let inPostgres: Answer | null = null;
		let worked: Answer | null = null;
		const inMemory = await answerOf(() =>
			double(memory, ...rest, async (...handed: unknown[]) => {
				inPostgres = await answerOf(() =>
					real(postgres, ...rest, async (...others: unknown[]) => {
						this.compare(
							{ module, name: `${name} calls`, given: rest },
							{ value: handed.filter(isNoHandle) },
							{ value: others.filter(isNoHandle) },
						);
						this.stillMs = null;
						worked = await answerOf(() =>
							work(...handed.map((each, at) => (isNoHandle(each) ? each : this.handle(each as Tx, others[at] as Tx)))),
						);
						return unwrapped(worked);
					}),
				);
				if (worked !== null && 'value' in worked && 'error' in inPostgres)
					this.fail(`${name} is taken back by PostgreSQL`, inPostgres.error);
				return unwrapped(inPostgres);
			}),
		);
		// What was set in a transaction that was taken back is as before.
		if ('error' in inMemory) this.told = '';
		inPostgres ??= await answerOf(() => real(postgres, ...rest, () => this.fail(`${name} calls nothing in memory`)));
		return [inMemory, inPostgres];
	}

	private async tellTime(postgres: Db | Tx, clockMs: number): Promise<void> {
		const time = { nowMs: this.begunMs, clockMs };
		if (this.told === JSON.stringify(time)) return;
		this.told = JSON.stringify(time);
		await tellTime(postgres, time);
	}

	/** Whether all rows are the same in both. Throws `Difference`. */
	async compareRows(): Promise<void> {
		for (const [name, { table, inMemory }] of Object.entries(TABLES)) {
			const rows: readonly object[] = await this.postgres.select().from(table);
			const difference = rowsApart(postingsNamed(inMemory(this.memory)), postingsNamed(rows));
			if (difference !== null) this.fail(`rows of ${name}\n${difference}\n${whatToDo(null)}`);
		}
	}

	private compare({ module, name, given }: Asked, inMemory: Answer, inPostgres: Answer): void {
		const difference = differenceOf(name, inMemory, inPostgres);
		if (difference !== null) this.fail(`${name}(${short(given.map(text).join(', '))})\n${difference}\n${whatToDo(module)}`);
	}

	private fail(what: string, cause?: unknown): never {
		this.difference ??= new Difference(what, { cause });
		throw this.difference;
	}
}

const begin: Ask = (db: Db, work: Work) => db.transaction(work);
const isNoHandle = (value: unknown) => !(typeof value === 'object' && value !== null && 'transaction' in value);

async function answerOf(ask: () => unknown): Promise<Answer> {
	try {
		return { value: await ask() };
	} catch (error) {
		return { error };
	}
}

function unwrapped(answer: Answer): unknown {
	if ('error' in answer) throw answer.error;
	return answer.value;
}

/** What a question calls is called by the store that is asked first; the other gets the same from it, for the same arguments. */
class Recorded {
	private readonly calls: { readonly given: string; readonly run: () => unknown }[] = [];

	recording(value: unknown): unknown {
		return this.wrapped(value, (call) => (...given: unknown[]) => {
			const answer = ((): Answer => {
				try {
					return { value: call(...given) };
				} catch (error) {
					return { error };
				}
			})();
			this.calls.push({ given: text(given), run: () => unwrapped(answer) });
			return unwrapped(answer);
		});
	}

	replaying(value: unknown): unknown {
		return this.wrapped(value, () => (...given: unknown[]) => {
			const call = this.calls.shift();
			if (call?.given !== text(given)) throw new Difference(`memory calls with ${call?.given}, PostgreSQL with ${text(given)}`);
			return call.run();
		});
	}

	private wrapped(value: unknown, wrap: (call: Call) => unknown): unknown {
		if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Map) return value;
		const entries = Object.entries(value).map(([key, each]) => [key, typeof each === 'function' ? wrap(each as Call) : each]);
		return Object.fromEntries(entries);
	}
}
