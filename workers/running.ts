/** A process type that has been started. */
export interface Running {
	/** Takes no new jobs, lets those under way end, and frees what it holds. */
	stop(): Promise<void>;
}
