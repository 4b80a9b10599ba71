/** What every trigger is: something that looks around and turns what it sees into demands. */
import type { App } from '../app.ts';
import type { Config } from '../config/load.ts';
import type { Outcome } from '../outcome.ts';

export interface Trigger {
	/** Its queue and its job are named so: plain text, no colon. */
	readonly name: string;
	/** Milliseconds from look to look. */
	everyMs(config: Config): number;
	/**
	 * One look: stores what it has seen as demands, and wakes whoever evaluates them, in one transaction of the store. It may run twice, late, and
	 * beside its own twin. Throws `TransientError` when something cannot be read; what was stored before is kept, and the next look goes on.
	 */
	look(app: App): Promise<Outcome>;
}
