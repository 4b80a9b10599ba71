/** How the outside of a bridge is told what to do, the same for every bridge: what its exam and its measurement need of a sandbox. */
import type { ApiFaultRule, ApiServer } from '../../sandbox/http/api-server.ts';
import type { BridgeName, World } from '../../sandbox/world.ts';

/** A position by its configured names. */
export interface Place {
	readonly venue: string;
	readonly asset: string;
}

export interface Stand {
	/** Its name in the registry. */
	readonly bridge: BridgeName;
	readonly origin: Place;
	readonly destination: Place;
	/** Token units of an ordinary send. */
	readonly amount: string;
	/** The bridge's API; null when it has none: then the exam makes the node misbehave where it would have made the API. */
	readonly api: (Pick<ApiServer, 'fault' | 'counts'> & { readonly url: string }) | null;
	/** Answers of the right shape that are not true, by what they pretend. */
	readonly lies: Readonly<Record<string, ApiFaultRule>>;
	/** Mints token units of the origin's asset to the wallet. */
	fund(tokenUnits: string): Promise<void>;
	/** From now on nobody proves anything. */
	hold(): void;
	/** Whatever has left is proven, and whatever comes is; waits until that has been done. */
	release(): Promise<void>;
	/** Whether a send spends an allowance; unless told otherwise it does. */
	readonly approves?: boolean;
	/** Whether a claim is a request to a service instead of a call; unless told otherwise it is not. */
	readonly asks?: boolean;
	/** Somebody else claims for us what is proven; null where nothing is claimed. */
	readonly claimFirst: (() => Promise<void>) | null;
	/** From now on nothing ordered before can be kept, and `send` must notice it by asking. */
	spoil(): Promise<void>;
	/** A service with a clock of its own goes by this one from now on; Unix milliseconds. */
	follow?(nowMs: () => number): void;
}

export type OpenStand = (world: World) => Stand;
