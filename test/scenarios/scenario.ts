/** A scenario: one thing that can happen to an invoice, told against the real product and judged from the chains and the books. */
import type { Stage } from './stage.ts';

export interface Scenario {
	/** Kebab-case: what `--only` takes. */
	readonly name: string;
	/** What must be true, in one sentence. */
	readonly promise: string;
	/** Throws when the promise does not hold. */
	run(stage: Stage): Promise<void>;
}
