import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { afterEvent, type Breaker, type BreakerEvent, CLOSED, lateAfterSeconds, pauseMs, useOf } from '../../src/leg/breaker.ts';
import { BREAKER_TRANSITIONS, BREAKER_WORDS } from '../../src/leg/breaker-state.ts';

const NOW = 1_790_000_000_000;
const PAUSE = pauseMs(1);
const shut: Breaker = { ...CLOSED, state: 'open', failures: 3, openings: 1, retryAtMs: NOW + PAUSE };
const STATES: Readonly<Record<string, Breaker>> = {
	fresh: { ...CLOSED },
	failing: { ...CLOSED, failures: 2 },
	slow: { ...CLOSED, lates: 2 },
	open: shut,
	due: { ...shut, retryAtMs: NOW },
	trial: { ...shut, state: 'half_open', retryAtMs: NOW, trialLeg: 'leg' },
	forbidden: { ...CLOSED, failures: 2, word: 'off' },
	forced: { ...shut, word: 'on' },
	watched: { ...shut, state: 'half_open', trialLeg: 'leg', word: 'off' },
};
const EVENTS: Readonly<Record<string, BreakerEvent>> = {
	success: { kind: 'succeeded', legId: 'leg' },
	failure: { kind: 'failed', legId: 'leg' },
	late: { kind: 'late', legId: 'leg' },
	stranger: { kind: 'failed', legId: 'another' },
	tried: { kind: 'tried', legId: 'leg' },
	untried: { kind: 'untried', legId: 'leg' },
	off: { kind: 'said', word: 'off' },
	on: { kind: 'said', word: 'on' },
	release: { kind: 'said', word: 'auto' },
};

/** What it is after the event: `.` as before; c0 closed and nothing counted, f3 closed with so many failures, o2 open for the second time, t tried. */
const TABLE = `
	          success failure late stranger tried untried off   on    release
	fresh     .       f1      l1   f1       .     .       off   on    c0
	failing   c0      o1      f2l1 o1       .     .       off   on    c0
	slow      c0      f1l2    o1   f1l2     .     .       off   on    c0
	open      .       .       .    .        .     .       off   on    c0
	due       .       .       .    .        t     .       off   on    c0
	trial     c0      o2      o2   .        .     due     off   on    c0
	forbidden .       .       .    .        .     .       off   on    c0
	forced    .       .       .    .        .     .       off   on    c0
	watched   due     due     due  .        .     due     off   on    c0`;

function words(before: Breaker, after: Breaker, event: BreakerEvent): string {
	if (event.kind === 'said' && event.word !== 'auto') return after.word === event.word ? event.word : 'another word';
	if (after === before) return '.';
	if (after.state === 'half_open') return after.trialLeg === 'leg' ? 't' : 'tried by another';
	if (after.state === 'open') return after.openings === before.openings ? 'due' : `o${after.openings}`;
	const counts = `${after.failures > 0 ? `f${after.failures}` : ''}${after.lates > 0 ? `l${after.lates}` : ''}`;
	return counts === '' ? 'c0' : counts;
}

describe('a breaker', () => {
	const [head = '', ...lines] = TABLE.trim().split('\n');
	const cases = lines.flatMap((line) => {
		const [state = '', ...cells] = line.trim().split(/\s+/);
		return head
			.trim()
			.split(/\s+/)
			.map((event, index) => [state, event, cells[index] ?? ''] as const);
	});

	it.each(cases)('that is %s becomes on %s: %s', (state, event, expected) => {
		const [before, what] = [STATES[state], EVENTS[event]];
		if (before === undefined || what === undefined) throw new Error(`${state} on ${event} is not in the table`);
		expect(words(before, afterEvent(before, what, NOW), what)).toBe(expected);
	});

	it('is used, tried by one leg or left alone, by its moment and an operator', () => {
		const uses = Object.entries(STATES).map(([name, breaker]) => `${name} ${useOf(breaker, NOW)}`);
		expect(uses).toEqual([
			...['fresh on', 'failing on', 'slow on', 'open off', 'due trial', 'trial off', 'forbidden off', 'forced on', 'watched off'],
		]);
		expect(useOf(shut, NOW + PAUSE - 1)).toBe('off');
		expect(useOf(shut, NOW + PAUSE)).toBe('trial');
	});

	it('pauses for a minute, then twice as long each time, and never for more than an hour', () => {
		expect([1, 2, 3, 6, 7, 8, 1_000].map((openings) => pauseMs(openings) / 60_000)).toEqual([1, 2, 4, 32, 60, 60, 60]);
	});

	it('calls late what has taken three times what was promised, and two minutes', () => {
		expect([0, 5, 600].map(lateAfterSeconds)).toEqual([120, 135, 1_920]);
	});
});

const leg = fc.constantFrom('a', 'b', 'c');
/** Mostly failures and trials, or few stories would come as far as a second opening. */
const event: fc.Arbitrary<BreakerEvent> = fc.oneof(
	{ weight: 6, arbitrary: fc.record({ kind: fc.constantFrom('succeeded', 'failed', 'failed', 'failed', 'failed', 'late'), legId: leg }) },
	{ weight: 4, arbitrary: fc.record({ kind: fc.constantFrom('tried', 'tried', 'untried'), legId: leg }) },
	{ weight: 1, arbitrary: fc.record({ kind: fc.constant('said'), word: fc.constantFrom('auto', 'auto', ...BREAKER_WORDS) }) },
);
const story = fc.array(fc.tuple(event, fc.constantFrom(0, 1_000, 90_000, 4_000_000)), { maxLength: 80 });

describe('whatever happens to a breaker', () => {
	it('it goes no way that its map does not know', () => {
		fc.assert(
			fc.property(story, (happening) => {
				let [breaker, nowMs] = [CLOSED, NOW];
				for (const [what, ms] of happening) {
					nowMs += ms;
					const { state } = breaker;
					breaker = afterEvent(breaker, what, nowMs);
					expect([state, ...BREAKER_TRANSITIONS[state]]).toContain(breaker.state);
				}
			}),
		);
	});

	it('one leg tries it at a time, only when it is due, and nothing but its end makes room for another', () => {
		fc.assert(
			fc.property(story, (happening) => {
				let [breaker, nowMs] = [CLOSED, NOW];
				for (const [what, ms] of happening) {
					nowMs += ms;
					const before = breaker;
					breaker = afterEvent(before, what, nowMs);
					expect((breaker.state === 'half_open') === (breaker.trialLeg !== null)).toBe(true);
					expect((breaker.state === 'closed') === (breaker.retryAtMs === null)).toBe(true);
					if (breaker.trialLeg === before.trialLeg) continue;
					if (breaker.trialLeg !== null) expect([before.trialLeg, useOf(before, nowMs)]).toEqual([null, 'trial']);
					else expect('legId' in what ? what.legId === before.trialLeg : what.kind === 'said' && what.word === 'auto').toBe(true);
				}
			}),
		);
	});

	it("it is never shut for longer than an hour beyond its trial, and an operator's word wins", () => {
		fc.assert(
			fc.property(story, (happening) => {
				let [breaker, nowMs] = [CLOSED, NOW];
				for (const [what, ms] of happening) {
					nowMs += ms;
					breaker = afterEvent(breaker, what, nowMs);
					if (breaker.word !== 'auto') expect(useOf(breaker, nowMs)).toBe(breaker.word);
					else if (breaker.trialLeg === null) expect(useOf(breaker, nowMs + 3_600_000)).not.toBe('off');
					if (what.kind === 'said') expect(breaker.word).toBe(what.word);
				}
			}),
		);
	});
});
