/** The acceptance scenarios for the gate, with their numbers: enter at 10 for 30 s, exit below 4 for 60 s, halt after 600 s, looks every 3 s. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { adviceOf } from '../../src/health/advice.ts';
import { GATE_TRANSITIONS, type Gate, type GateEvent, type GateSettings, isLost, newGate, step } from '../../src/health/gate.ts';

const SETTINGS: GateSettings = {
	...{ enter: 10n, enterMs: 30_000, exit: 4n, exitMs: 60_000, failedReads: 3, haltMs: 600_000, impossible: 2 },
	...{ goodLooks: 3, goodMs: 30_000 },
};
const ADVICE = { degradedSizeBps: 5_000, widenTicks: 1 };

/** A gate whose clock the test sets, in seconds. */
function newStage() {
	let gate: Gate = newGate(0);
	const tell = (kind: GateEvent['kind'], seconds: number, discrepancy = 0) => {
		gate = step(gate, { kind, atMs: seconds * 1_000, discrepancy: BigInt(discrepancy) }, SETTINGS);
		return gate.state;
	};
	/** Good looks every 3 s from one second to another, the last one included. */
	const watch = (from: number, to: number, discrepancy = 0) => {
		for (let seconds = from; seconds < to; seconds += 3) tell('looked', seconds, discrepancy);
		return tell('looked', to, discrepancy);
	};
	return { tell, watch, gate: () => gate };
}

/** Degraded by a discrepancy of 12 since the beginning. */
function degraded() {
	const stage = newStage();
	expect(stage.watch(0, 30, 12)).toBe('degraded');
	return stage;
}

describe('inventory scenario', () => {
	it('15: a discrepancy of 12 degrades after 30 s, and what is quoted shrinks, only sells, and widens', () => {
		const { watch, gate } = newStage();
		expect(watch(0, 29, 12)).toBe('normal');
		expect(adviceOf(gate().state, 100n, ADVICE)).toEqual({ state: 'normal', sizeBps: 10_000, sides: 'both', widenTicks: 0 });
		expect(watch(30, 30, 12)).toBe('degraded');
		expect(gate().reason).toContain('at least 10 base units for 30 s');
		expect(adviceOf(gate().state, 100n, ADVICE)).toEqual({ state: 'degraded', sizeBps: 5_000, sides: 'sell', widenTicks: 1 });
		for (const effective of [0n, -1n, null]) expect(adviceOf('degraded', effective, ADVICE).sides).toBe('none');
	});

	it('16: it stays degraded at 9 and for 59 s at 3, and is normal after 60 s', () => {
		const { watch } = degraded();
		expect(watch(33, 300, 9)).toBe('degraded');
		expect(watch(303, 362, 3)).toBe('degraded');
		expect(watch(363, 363, 3)).toBe('normal');
	});

	it('16: going to and fro within 10 s changes nothing, from either side', () => {
		const calm = newStage();
		for (let seconds = 0; seconds < 300; seconds += 20) {
			expect(calm.watch(seconds, seconds + 9, 12)).toBe('normal');
			expect(calm.watch(seconds + 10, seconds + 19, 3)).toBe('normal');
		}
		const troubled = degraded();
		for (let seconds = 40; seconds < 340; seconds += 20) {
			expect(troubled.watch(seconds, seconds + 9, 3)).toBe('degraded');
			expect(troubled.watch(seconds + 10, seconds + 19, 12)).toBe('degraded');
		}
	});

	it('17: three reads that fail degrade, however small the discrepancy is', () => {
		const { tell, gate, watch } = newStage();
		tell('looked', 0);
		expect([tell('unread', 3), tell('unread', 6)]).toEqual(['normal', 'normal']);
		expect(isLost(gate(), SETTINGS)).toBe(false);
		expect(tell('unread', 9)).toBe('degraded');
		expect(isLost(gate(), SETTINGS)).toBe(true);
		expect(watch(12, 71)).toBe('degraded');
		expect(watch(72, 72)).toBe('normal');
	});

	it('18: without the chain it is degraded, from 600 s on halted, and three good looks over 30 s end that', () => {
		const { tell, watch, gate } = newStage();
		tell('looked', 0);
		for (let seconds = 3; seconds < 599; seconds += 3) tell('unread', seconds);
		expect(tell('unread', 599)).toBe('degraded');
		expect(tell('tick', 600)).toBe('halted');
		expect(gate().reason).toContain('600 s');
		expect(adviceOf('halted', 100n, ADVICE)).toEqual({ state: 'halted', sizeBps: 0, sides: 'none', widenTicks: 0 });
		expect(watch(700, 729)).toBe('halted');
		expect(watch(730, 730)).toBe('degraded');
		expect(watch(733, 789)).toBe('degraded');
		expect(watch(790, 790)).toBe('normal');
	});

	it('18: a look that fails begins the good ones anew', () => {
		const { tell, watch } = newStage();
		tell('looked', 0);
		expect(tell('tick', 600)).toBe('halted');
		expect(watch(603, 630)).toBe('halted');
		expect(tell('unread', 632)).toBe('halted');
		expect(watch(634, 663)).toBe('halted');
		expect(watch(664, 664)).toBe('degraded');
	});

	it('19: the second impossible answer in a row halts, one alone does not', () => {
		const { tell, gate } = newStage();
		tell('looked', 0);
		expect(tell('impossible', 3)).toBe('normal');
		expect(tell('looked', 6)).toBe('normal');
		expect(tell('impossible', 9)).toBe('normal');
		expect(tell('impossible', 12)).toBe('halted');
		expect(gate().reason).toContain('cannot be');
	});
});

const anyEvent = fc.record({
	kind: fc.constantFrom('looked' as const, 'unread' as const, 'impossible' as const, 'tick' as const),
	afterMs: fc.nat({ max: 90_000 }),
	discrepancy: fc.bigInt({ min: 0n, max: 15n }),
});

describe('a gate', () => {
	it('goes only where its map says, and says since when and why', () => {
		fc.assert(
			fc.property(fc.array(anyEvent, { maxLength: 60 }), (events) => {
				let [gate, atMs] = [newGate(0), 0];
				for (const { kind, afterMs, discrepancy } of events) {
					atMs += afterMs;
					const before = gate;
					gate = step(gate, { kind, atMs, discrepancy }, SETTINGS);
					if (gate.state === before.state) expect([gate.reason, gate.sinceMs]).toEqual([before.reason, before.sinceMs]);
					else {
						expect(GATE_TRANSITIONS[before.state]).toContain(gate.state);
						expect(gate.sinceMs).toBe(atMs);
					}
				}
			}),
		);
	});

	it('is normal again from everywhere, in time', () => {
		for (const trouble of ['unread', 'impossible'] as const) {
			const { tell, watch } = newStage();
			for (let seconds = 0; seconds < 700; seconds += 3) tell(trouble, seconds, 12);
			expect(watch(700, 800)).toBe('normal');
		}
	});
});
