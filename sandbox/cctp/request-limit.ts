/** Circle's limit: so many requests a second, and above it nothing at all for a while. */
const REQUESTS_PER_SECOND = 35;
const SECOND_MS = 1_000;

interface LimitSettings {
	readonly nowMs: () => number;
	readonly enforceLimit: boolean;
	readonly penaltyMs: number;
}

export interface RequestLimit {
	/** Whether a request that comes now is served; it counts either way. */
	isServed(): boolean;
	/** Requests by second, as whole seconds since 1970. */
	readonly perSecond: ReadonlyMap<number, number>;
	/** The most requests that came within one second, whenever it began. */
	readonly peak: number;
	clear(): void;
}

export function createLimit(settings: LimitSettings): RequestLimit {
	const perSecond = new Map<number, number>();
	let recent: number[] = [];
	let peak = 0;
	let closedUntilMs = 0;
	return {
		perSecond,
		get peak() {
			return peak;
		},
		isServed() {
			const now = settings.nowMs();
			const second = Math.floor(now / SECOND_MS);
			perSecond.set(second, (perSecond.get(second) ?? 0) + 1);
			recent = [...recent.filter((at) => at > now - SECOND_MS), now];
			peak = Math.max(peak, recent.length);
			if (!settings.enforceLimit) return true;
			const isClosed = now < closedUntilMs;
			// A request during the penalty does not lengthen it.
			if (!isClosed && recent.length > REQUESTS_PER_SECOND) closedUntilMs = now + settings.penaltyMs;
			return now >= closedUntilMs;
		},
		clear() {
			perSecond.clear();
			recent = [];
			peak = 0;
			closedUntilMs = 0;
		},
	};
}
