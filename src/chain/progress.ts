/** How far an effect has come. */
import type { MinedCall } from '../leg/call.ts';

export interface Waiting {
	readonly state: 'waiting';
	readonly lookAgainMs: number;
	readonly reason: string;
}

/** The chain's verdict, not yet recorded: the caller commits it together with what follows from it. */
export interface Decided {
	readonly state: 'verdict';
	/** `cancelled`: another transaction has taken its nonce for good, so the effect has come to nothing. */
	readonly to: 'confirmed' | 'reverted' | 'cancelled';
	readonly mined: MinedCall;
}
