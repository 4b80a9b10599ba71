/** Who is on board: which processes a run has, what each of them serves, and which of them may die at the crash point. */
import { queueCatalog } from '../../../queues/catalog.ts';
import { TRIGGERS } from '../../../src/trigger/registry.ts';
import type { Choice } from './choice.ts';

export interface Post {
	readonly name: string;
	/** Of `workers/main.ts`. */
	readonly args: readonly string[];
	readonly mayDie: boolean;
	/** Of the later version. */
	readonly isLater: boolean;
}

const PLANS = ['invoice-poll', 'invoice-evaluation'];
const ANY_ROUTE = { bridge: 'across', origin: '1', destination: '10' };
/** As `--queues` takes them: the queues, and one word for those of all routes. */
const STAGES = queueCatalog(
	{ routes: [ANY_ROUTE], inventory: { pollMs: 1_000 } },
	TRIGGERS.map(({ name }) => ({ name, everyMs: () => 1_000 })),
).map(({ name, stage }) => (stage === 'bridge-execution' ? stage : name));

/**
 * The stage at hand has a worker of its own, so that whoever dies there is of that stage. With two pollers it has a second one, which also polls:
 * one dies, and the other goes on. Of two versions each serves the queue in which only the later one knows its own job.
 */
export function postsOf({ cell: { stage, pollers }, twoVersions }: Pick<Choice, 'cell' | 'twoVersions'>): Post[] {
	const schedulers = Array.from({ length: pollers }, (_, index) => ({
		...{ name: `scheduler-${index + 1}`, args: ['scheduler'], mayDie: stage === 'scheduler' },
		isLater: twoVersions && index === 1,
	}));
	const worker = (name: string, queues: readonly string[], more: Partial<Post> = {}): Post => ({
		...{ name, mayDie: false, isLater: false },
		args: queues.length === STAGES.length ? ['worker'] : ['worker', '--queues', queues.join(',')],
		...more,
	});
	if (stage === 'scheduler') {
		const second = worker('worker-2', STAGES, { isLater: twoVersions });
		return [...schedulers, worker('worker-1', STAGES), ...(pollers === 2 ? [second] : [])];
	}
	const others = STAGES.filter((each) => each !== stage);
	// The later version's own job is one of settlement, which it serves whatever the stage is; what it passes there is of no other stage's points.
	const shared = [...PLANS, 'rebalance-planning', twoVersions ? 'earmark-settlement' : stage];
	const rival = worker('worker-3', [...new Set(shared)], { mayDie: shared.includes(stage), isLater: twoVersions });
	return [...schedulers, worker('worker-1', others), worker('worker-2', [stage], { mayDie: true }), ...(pollers === 2 ? [rival] : [])];
}
