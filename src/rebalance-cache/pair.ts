/**
 * Both sides as one. The side that answers is asked first and decides; what it has decided is marked there, brought to the other side before
 * the call returns when that can be reached, and within seconds after it is there again when it cannot.
 */
import { errorText } from '../errors.ts';
import type { Log } from '../observe/log.ts';
import type { StoredText } from '../rebalances/row.ts';
import type { Change, Entity, Side } from '../rebalances/side.ts';
import type { SideName, Sides } from './bring.ts';
import { suspicion } from './differences.ts';
import { type OtherSide, otherSideOf } from './other-side.ts';

interface PairSettings {
	readonly sides: Sides;
	readonly answers: SideName;
	/** Whether both are asked and their answers compared; the answering side's is given. */
	readonly compares: boolean;
	readonly log: Log;
}

export interface Pair extends Side, Pick<OtherSide, 'repair'> {}

export function pairOf(settings: PairSettings): Pair {
	const { sides, answers } = settings;
	const side = sides[answers];
	const other = otherSideOf(settings);
	const changing = async <T>(change: () => Promise<T>): Promise<T> => {
		await other.catchUp();
		return change();
	};
	return {
		...readsOf(settings, other),
		name: side.name,
		add: (rows, change) =>
			changing(async () => {
				await side.add(rows, change);
				await other.bring(rows.map(rowEntity), change);
			}),
		remove: (ids, change) =>
			changing(async () => {
				const removed = await side.remove(ids, change);
				const graves = await other.bring(
					removed.map((id) => rowEntity({ id })),
					change,
				);
				// Whoever is answered by PostgreSQL may have removed it there before, and was told so; there the first one is right.
				const isOurs = (id: string) => ['', change.token].includes(graves.get(`r:${id}`) ?? '');
				return answers === 'postgres' ? removed : removed.filter(isOurs);
			}),
		clear: (change) =>
			changing(async () => {
				await side.clear(change);
				await other.catchUp();
				await other.repair();
			}),
		setPause: (paused, change) =>
			changing(async () => {
				await side.setPause(paused, change);
				await other.bring(['p'], change);
			}),
		putWithdrawal: (deposit, text, change) =>
			changing(async () => {
				await side.putWithdrawal(deposit, text, change);
				await other.bring([`w:${deposit}`], change);
			}),
		removeWithdrawal: (deposit, change: Change) =>
			changing(async () => {
				const isRemoved = await side.removeWithdrawal(deposit, change);
				if (isRemoved) await other.bring([`w:${deposit}`], change);
				return isRemoved;
			}),
		marked: (limit) => side.marked(limit),
		unmark: (marks) => side.unmark(marks),
		repair: () => other.repair(),
		// The sides belong to whoever has opened them.
		close: async () => {},
	};
}

const rowEntity = ({ id }: { readonly id: string }): Entity => `r:${id}`;

type Reads = Pick<Side, 'rowsOn' | 'rowsWith' | 'has' | 'isPaused' | 'withdrawal'>;

interface Question<T> {
	readonly ask: (side: Side) => Promise<T>;
	/** What has to be looked at when the answering side has given the first and the other one the second answer. */
	readonly suspects: (answer: T, another: T) => readonly Entity[];
}

function readsOf({ sides, answers, compares, log }: PairSettings, other: OtherSide): Reads {
	const side = sides[answers];
	const suspect = suspicion(sides, log);
	const compare = async <T>({ ask, suspects }: Question<T>, answer: T): Promise<void> => {
		const another = await other.ask(ask);
		if (another !== null) suspect(suspects(answer, another));
	};
	const read = async <T>(question: Question<T>): Promise<T> => {
		await other.catchUp();
		const answer = await question.ask(side);
		if (compares)
			compare(question, answer).catch((error: unknown) => log.warn({ error: errorText(error) }, 'the answers could not be compared'));
		return answer;
	};
	const about =
		(entity: Entity) =>
		<T>(answer: T, another: T): readonly Entity[] =>
			answer === another ? [] : [entity];
	return {
		rowsOn: (routes, asker) => read({ ask: (each) => each.rowsOn(routes, asker), suspects: rowsThatDiffer }),
		rowsWith: (transaction, asker) => read({ ask: (each) => each.rowsWith(transaction, asker), suspects: rowsThatDiffer }),
		has: (id, asker) => read({ ask: (each) => each.has(id, asker), suspects: about(rowEntity({ id })) }),
		isPaused: (asker) => read({ ask: (each) => each.isPaused(asker), suspects: about('p') }),
		withdrawal: (deposit, asker) => read({ ask: (each) => each.withdrawal(deposit, asker), suspects: about(`w:${deposit}`) }),
	};
}

function rowsThatDiffer(one: readonly StoredText[], another: readonly StoredText[]): Entity[] {
	const texts = new Map(one.map(({ id, text }) => [id, text]));
	const differing = another.filter(({ id, text }) => texts.get(id) !== text);
	for (const { id } of another) texts.delete(id);
	return [...differing.map(rowEntity), ...[...texts.keys()].map((id) => rowEntity({ id }))];
}
