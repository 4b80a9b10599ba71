import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { HOLD_STATES, HOLD_TRANSITIONS, holdStatesBefore } from '../../src/earmark/hold-state.ts';
import { EARMARK_ACTIVE, EARMARK_STATUSES, EARMARK_TERMINAL, EARMARK_TRANSITIONS, earmarkStatesBefore } from '../../src/earmark/state.ts';
import { DEMAND_STATUSES, DEMAND_TRANSITIONS, demandStatesBefore } from '../../src/invoice/demand-state.ts';
import { BREAKER_STATES, BREAKER_TRANSITIONS } from '../../src/leg/breaker-state.ts';
import { EFFECT_STATUSES, EFFECT_TRANSITIONS, effectStatesBefore } from '../../src/leg/effect-state.ts';
import { isLegTerminal, LEG_ACTIVE, LEG_STATUSES, LEG_TRANSITIONS, legStatesBefore } from '../../src/leg/state.ts';
import { RECEIVABLE_STATUSES, RECEIVABLE_TRANSITIONS, receivableStatesBefore } from '../../src/settle/receivable-state.ts';
import { statesBefore } from '../../src/transitions.ts';

/** Rows are where it is, columns where it may go: `x` is allowed. Written by hand from the design, not from the code. */
const TABLES: Record<
	string,
	{ states: readonly string[]; allowed: string; before: (to: never) => string[]; map: Record<string, readonly string[]> }
> = {
	earmark: {
		states: EARMARK_STATUSES,
		before: earmarkStatesBefore,
		map: EARMARK_TRANSITIONS,
		allowed: `
			             planned moving settling compensating settled cancelled
			planned      .       x      x        .            .       x
			moving       .       .      x        x            .       .
			settling     .       x      .        x            x       .
			compensating .       .      .        .            .       x
			settled      .       .      .        .            .       .
			cancelled    .       .      .        .            .       .`,
	},
	leg: {
		states: LEG_STATUSES,
		before: legStatesBefore,
		map: LEG_TRANSITIONS,
		allowed: `
			          planned sending in_flight delivered returned failed cancelled
			planned   .       x       .         .         .        .      x
			sending   .       .       x         .         .        x      .
			in_flight .       .       .         x         x        .      .
			delivered .       .       .         .         .        .      .
			returned  .       .       .         .         .        .      .
			failed    .       .       .         .         .        .      .
			cancelled .       .       .         .         .        .      .`,
	},
	effect: {
		states: EFFECT_STATUSES,
		before: effectStatesBefore,
		map: EFFECT_TRANSITIONS,
		allowed: `
			          intended reserved signed tracking requested confirmed reverted cancelled rejected lapsed dropped
			intended  .        x        .      .        x         .         .        .         .        .      x
			reserved  .        .        x      .        .         .         .        .         .        .      .
			signed    .        .        .      x        .         x         x        x         .        .      .
			tracking  .        .        .      .        .         x         x        x         .        .      .
			requested .        .        .      .        .         x         .        .         x        x      .
			confirmed .        .        .      .        .         .         .        .         .        .      .
			reverted  .        .        .      .        .         .         .        .         .        .      .
			cancelled .        .        .      .        .         .         .        .         .        .      .
			rejected  .        .        .      .        .         .         .        .         .        .      .
			lapsed    .        .        .      .        .         .         .        .         .        .      .
			dropped   .        .        .      .        .         .         .        .         .        .      .`,
	},
	hold: {
		states: HOLD_STATES,
		before: holdStatesBefore,
		map: HOLD_TRANSITIONS,
		allowed: `
			            inbound confirmed pending_out released
			inbound     .       x         .           x
			confirmed   .       .         x           x
			pending_out .       x         .           x
			released    .       .         .           .`,
	},
	demand: {
		states: DEMAND_STATUSES,
		before: demandStatesBefore,
		map: DEMAND_TRANSITIONS,
		allowed: `
			          open earmarked settled gone
			open      .    x         .       x
			earmarked x    .         x       x
			settled   .    .         .       .
			gone      x    .         .       .`,
	},
	receivable: {
		states: RECEIVABLE_STATUSES,
		before: receivableStatesBefore,
		map: RECEIVABLE_TRANSITIONS,
		allowed: `
			         pending invoiced settled
			pending  .       x        x
			invoiced .       .        x
			settled  .       .        .`,
	},
	breaker: {
		states: BREAKER_STATES,
		before: (to) => statesBefore(BREAKER_TRANSITIONS, to),
		map: BREAKER_TRANSITIONS,
		allowed: `
			          closed open half_open
			closed    .      x    .
			open      x      .    x
			half_open x      x    .`,
	},
};

describe('transition maps', () => {
	for (const [name, { states, allowed, before, map }] of Object.entries(TABLES)) {
		it(`${name}: exactly the designed steps are allowed, from every state to every state`, () => {
			const [header = '', ...rows] = allowed.trim().split('\n');
			const columns = header.trim().split(/\s+/);
			expect([...columns].sort()).toEqual([...states].sort());
			expect(rows.map((row) => row.trim().split(/\s+/)[0]).sort()).toEqual([...states].sort());
			for (const row of rows) {
				const [from = '', ...marks] = row.trim().split(/\s+/);
				columns.forEach((to, index) => {
					expect(map[from]?.includes(to), `${name} ${from} -> ${to}`).toBe(marks[index] === 'x');
					expect(before(to as never).includes(from), `${name} before ${to}`).toBe(marks[index] === 'x');
				});
			}
		});
	}

	it('active and terminal lists divide the states', () => {
		expect([...EARMARK_ACTIVE, ...EARMARK_TERMINAL].sort()).toEqual([...EARMARK_STATUSES].sort());
		expect(LEG_STATUSES.filter((status) => !isLegTerminal(status))).toEqual([...LEG_ACTIVE]);
	});

	it.each(Object.entries(TABLES))('%s: the picture in ARCHITECTURE.md has every step, and no other', (name, { map }) => {
		const document = readFileSync(new URL('../../ARCHITECTURE.md', import.meta.url), 'utf8');
		const picture = new RegExp(`as ${name} \\{\\n([^}]*)\\}`).exec(document)?.[1] ?? '';
		const drawn = [...picture.matchAll(/^ +(\w+) --> (\w+)/gm)].map(([, from, to]) => `${from} --> ${to}`);
		expect(drawn.sort()).toEqual(
			Object.entries(map)
				.flatMap(([from, after]) => after.map((to) => `${from} --> ${to}`))
				.sort(),
		);
	});
});
