/**
 * Sequences in which two jobs meet at the worst moment, each written down because it once went wrong. The invariants are judged after
 * every event, and everything has to come to rest at the end.
 */
import { describe, expect, it } from 'vitest';
import { VIAS } from './product.ts';
import { arrives, blockAt, contracts, done, invoice, offersAtLeast, once, outcomes, storyOf, takenBack, told } from './story.ts';

/** The bridge that needs no claims is the cheaper one. */
const story = storyOf({ claiming: 6n, vias: VIAS });

const legOfA = 'leg 1 of earmark 1 for A';
/** A's only leg goes from 1 to 10 and arrives whole. */
const brought = [once('plan'), done(`send ${legOfA}`), arrives(), once(`prove ${legOfA}`)];

describe('an invoice', () => {
	it('that nothing can top up is not earmarked again for what it asked for before', async () => {
		await story([80n, 20n, 10n], [{ 10: 60n }], [...brought, invoice('A', 'rises'), once('settle earmark 1 for A'), once('plan')]);
	});

	it('that is closed at its destination is not planned there again before it was read', async () => {
		const commands = [once('plan'), invoice('A', 'closes a destination'), once('evaluate invoice A'), once('plan')];
		const lines = await story([80n, 20n, 10n], [{ 10: 60n }], commands);
		expect(told(lines, 'plan: 1 planned')).toHaveLength(1);
	});

	it('that is found gone while a plan for it commits ends together with its earmark', async () => {
		const commands = [
			invoice('A', 'is filled by another'),
			...[once('evaluate invoice A', { interruptedAt: 2, interruptedBy: 1 }), once('plan')],
		];
		const lines = await story([80n, 20n, 10n], [{ 10: 60n }], commands);
		expect(told(lines, 'evaluate invoice A: FILLED_EXTERNALLY')).toHaveLength(1);
	});

	it('that is gone is not sent for again after a revert', async () => {
		const commands = [
			...[once('plan'), once(`send ${legOfA}`), blockAt('1'), contracts('1', 'reverts'), once(`send ${legOfA}`)],
			...[invoice('A', 'is filled by another'), once('evaluate invoice A')],
			...[blockAt('1'), contracts('1', 'none'), done(`send ${legOfA}`)],
		];
		const lines = await story([80n, 20n, 10n], [{ 10: 60n }], commands);
		expect(told(lines, `send ${legOfA}: sent`)).toEqual([]);
	});
});

describe('a settlement', () => {
	it('that has decided to pay pays nothing once its earmark was topped up meanwhile', async () => {
		const commands = [
			...[...brought, once('settle earmark 1 for A'), blockAt('10')],
			once('settle earmark 1 for A', { interruptedAt: 4, interruptedBy: 3 }),
			...[invoice('A', 'rises'), once('settle earmark 1 for A'), once('plan')],
		];
		const lines = await story([160n, 20n, 10n], [{ 10: 60n }], commands);
		expect(outcomes(lines, 'settle earmark 1 for A: settled')).toHaveLength(1);
	});

	it('does not begin while a leg of a top-up is under way', async () => {
		const commands = [
			...[...brought, once('settle earmark 1 for A', { interruptedAt: 2, interruptedBy: 3 })],
			...[invoice('A', 'rises'), once('evaluate invoice A'), once('plan')],
		];
		await story([160n, 20n, 10n], [{ 10: 60n }], commands);
	});

	it('gives back what it cannot pay, also when the process dies at the third revert', async () => {
		for (let diesAt = 1; diesAt <= 30; diesAt += 1) {
			const settle = done('settle earmark 1 for A', { diesAt });
			const lines = await story([80n, 20n, 10n], [{ 10: 60n }], [...brought, contracts('10', 'reverts'), settle]);
			expect(outcomes(lines, 'settle earmark').filter((line) => line.endsWith(': settled'))).toHaveLength(1);
		}
	});
});

describe('a planning', () => {
	it('that has priced no route for an earmark does not give it up', async () => {
		const commands = [
			...[invoice('B', 'is filled by another'), once('evaluate invoice B'), once('plan'), done(`send ${legOfA}`), arrives('less')],
			...[invoice('B', 'is back'), { kind: 'poll' } as const, once('evaluate invoice B')],
			...[once('plan', { interruptedAt: 4, interruptedBy: 1 }), once(`prove ${legOfA}`)],
		];
		const lines = await story([160n, 20n, 40n], [{ 10: 60n }, { 56: 60n }], commands);
		expect(outcomes(lines, 'settle earmark 1 for A: settled')).toHaveLength(1);
	});
});

describe('funds', () => {
	it('that have landed for two legs in one transaction are free for nobody before both are recorded', async () => {
		const commands = [
			...[once('plan'), done(`send ${legOfA}`), done('send leg 2 of earmark 1 for A'), arrives('together'), once(`prove ${legOfA}`)],
			...[{ kind: 'balances' } as const, invoice('B', 'opens its destinations', 10), once('evaluate invoice B')],
		];
		await story([80n, 20n, 80n], [{ 10: 120n }, {}], commands);
	});
});

describe('an allowance', () => {
	it('of a call that has reverted is given again, when somebody else has approved meanwhile', async () => {
		const commands = [
			...[once('plan'), once(`send ${legOfA}`), blockAt('1'), contracts('1', 'reverts'), once(`send ${legOfA}`)],
			...[once('send leg 1 of earmark 1 for B'), blockAt('1'), contracts('1', 'none'), done(`send ${legOfA}`)],
		];
		await story([160n, 20n, 10n], [{ 10: 60n }, { 56: 30n }], commands);
	});

	it('that an approval of somebody else has given for a leg is taken back when that leg never starts', async () => {
		const commands = [
			...[once('plan'), once(`send ${legOfA}`), invoice('B', 'is filled by another'), once('evaluate invoice B')],
			...[done(`send ${legOfA}`)],
		];
		await story([160n, 20n, 10n], [{ 10: 60n }, { 56: 30n }], commands);
	});

	it('is taken back also when its earmark gives back twice, because a leg of it is late', async () => {
		const commands = [
			...[...brought, once('settle earmark 1 for A'), blockAt('10'), invoice('A', 'rises')],
			...[once('settle earmark 1 for A'), once('settle earmark 1 for A'), once('plan'), done('send leg 2 of earmark 1 for A')],
			...[invoice('A', 'is filled by another'), once('evaluate invoice A'), once('settle earmark 1 for A')],
		];
		await story([160n, 20n, 10n], [{ 10: 60n }], commands);
	});
});

describe('a lane', () => {
	it('is not blocked by a leg that has ended between its nonce and its signature, while another one is late', async () => {
		const commands = [
			...[once('plan'), done(`send ${legOfA}`), once('send leg 2 of earmark 1 for A', { diesAt: 2 })],
			...[invoice('A', 'is filled by another'), once('evaluate invoice A'), done('settle earmark 1 for A')],
			...[invoice('B', 'opens its destinations', 1), once('evaluate invoice B'), done('settle earmark 1 for B'), arrives()],
		];
		const lines = await story([80n, 20n, 80n], [{ 10: 120n }, {}], commands);
		expect(lines.indexOf('  settle earmark 1 for B: settled')).toBeLessThan(lines.indexOf('troubles end'));
	});
});

describe('a reorganisation', () => {
	const onForks = storyOf({ claiming: 6n, vias: VIAS, finality: 1n });
	const send = once(`send ${legOfA}`);
	const approved = [once('plan'), send, blockAt('1')];

	it('leaves nothing free that has left: balances of a block that was taken back have not seen it leave', async () => {
		const seenBefore = [...approved, send, offersAtLeast('1', 60), blockAt('1'), { kind: 'balances' } as const, takenBack('1')];
		const leaves = [offersAtLeast('1', 1), blockAt('1'), blockAt('1'), send];
		const lines = await onForks([80n, 20n, 10n], [{ 10: 60n }], [...seenBefore, ...leaves]);
		expect(told(lines, `send ${legOfA}: sent`)).toHaveLength(1);
	});

	it('leaves nothing free that has landed for somebody: what is mined again may stand in a block that was read before', async () => {
		const claimed = 'claim leg 1 of earmark 1 for A';
		const onClaims = storyOf({ claiming: 1n, vias: VIAS, finality: 1n });
		const proven = [...approved, done(`send ${legOfA}`), arrives(), once(`prove ${legOfA}`)];
		const read = [once(claimed), offersAtLeast('10', 60), blockAt('10'), { kind: 'balances' } as const, takenBack('10')];
		const again = [offersAtLeast('10', 1), once(claimed), blockAt('10'), blockAt('10'), { kind: 'balances' } as const, done(claimed)];
		const lines = await onClaims([80n, 20n, 10n], [{ 10: 60n }], [...proven, ...read, ...again]);
		expect(outcomes(lines, `${claimed}: delivered`)).toHaveLength(1);
	});

	it('that takes an approval back does not count against the call that needs it: the same approval is sent again', async () => {
		const commands = [...approved, once(`send ${legOfA}`, { interruptedAt: 2, interruptedBy: 1 }), takenBack('1'), done(`send ${legOfA}`)];
		const lines = await onForks([80n, 20n, 10n], [{ 10: 60n }], commands);
		expect(lines.filter((line) => line.includes('taken back, and is sent again')).length).toBeGreaterThan(0);
		expect(outcomes(lines, 'settle earmark 1 for A: settled')).toHaveLength(1);
	});
});
