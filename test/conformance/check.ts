/** One row of the exam's table. */
import type { Room, RoomOptions } from './room.ts';
import type { Stand } from './stand.ts';

interface Examined {
	/** A room of its own; the one before is closed. */
	room(options?: RoomOptions): Promise<Room>;
	/** Whether everything is tried that is possible, or only a sample. */
	readonly isFull: boolean;
}

export interface Check {
	/** What is true of every bridge that passes. */
	readonly claim: string;
	/** Whether the bridge can be asked at all; every one can unless told otherwise. */
	readonly isAbout?: (stand: Stand) => boolean;
	/** Throws when the claim does not hold. */
	run(examined: Examined): Promise<void>;
}
