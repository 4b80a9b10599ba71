/** A process type that has been started. */
export interface Running {
	/** Takes no new jobs, lets those under way end, and frees what it holds. */
	stop(): Promise<void>;
	/** Resolves with the reason when the process cannot do its work any more and has to be started again. */
	readonly failed?: Promise<string>;
}
