/** A real server that this process has started on a loopback port of its own. */
export interface Server {
	readonly url: string;
	readonly port: number;
	/** Of the process that runs now; it changes with a restart. */
	readonly pid: number;
	/** Ends the process, frees the port, removes the folder. Calling it again does nothing. */
	stop(): Promise<void>;
}

/** A server whose sudden death can be rehearsed. */
export interface MortalServer extends Server {
	/** SIGKILL; the folder and the port number stay reserved for `restart`. */
	kill(): Promise<void>;
	/** Starts it again on the same port, with what its folder still holds. */
	restart(): Promise<void>;
}
