/** Which phase an instance is in: the one that it was given, or the stored one, read twice a second. */
import { errorText } from '../errors.ts';
import type { Log } from '../observe/log.ts';
import type { Phase } from '../rebalances/phase.ts';
import type { Sides } from './bring.ts';

export interface PhaseSource {
	current(): Phase;
	/** What somebody was told who asked in a phase that is over. */
	learn(stored: Phase): void;
	close(): void;
}

const LOOK_MS = 400;
/** A cache that nobody has begun to move. */
const BEGINNING: Phase = 'redis';

export const fixedPhase = (phase: Phase): PhaseSource => ({ current: () => phase, learn: () => {}, close: () => {} });

/** Throws when neither side says what the phase is. */
export async function followPhase({ redis, postgres }: Sides, log: Log): Promise<PhaseSource> {
	let phase = await firstPhase({ redis, postgres }, log);
	let looking = false;
	const learn = (stored: Phase): void => {
		if (stored !== phase) log.info({ from: phase, to: stored }, 'the phase has changed');
		phase = stored;
	};
	const look = async (): Promise<void> => {
		if (looking) return;
		looking = true;
		try {
			learn((await postgres.state()).phase ?? BEGINNING);
		} catch (error) {
			// Nobody can change it while it cannot be read; who has missed a change is told so by the side that he asks.
			log.debug({ error: errorText(error) }, 'the phase could not be read');
		} finally {
			looking = false;
		}
	};
	const timer = setInterval(() => void look(), LOOK_MS);
	timer.unref();
	return { current: () => phase, learn, close: () => clearInterval(timer) };
}

/** PostgreSQL knows; while it is away, what Redis was told last is right, or is found out to be wrong with the first call. */
async function firstPhase({ redis, postgres }: Sides, log: Log): Promise<Phase> {
	try {
		return (await postgres.state()).phase ?? BEGINNING;
	} catch (error) {
		const mirror = await redis.phase().catch(() => null);
		if (mirror === null) throw error;
		log.warn({ phase: mirror.phase, error: errorText(error) }, 'PostgreSQL does not answer; the phase is what Redis was told last');
		return mirror.phase;
	}
}
