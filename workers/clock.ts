/** Whether the machine's clock was set while something went on. */

/** Clocks are slewed by less in the time of a job. */
const SLEWED_MS = 2_000;

/** Answers, whenever it is asked, by how many milliseconds the clock was set ahead since, negative when it was set back; 0 when it was only slewed. */
export function watchClock(): () => number {
	const apart = () => Date.now() - performance.now();
	const before = apart();
	return () => {
		const setMs = Math.round(apart() - before);
		return Math.abs(setMs) > SLEWED_MS ? setMs : 0;
	};
}
