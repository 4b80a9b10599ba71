/** What can happen to a claim, and to funds that stand between two hops, each at the worst moment. */
import { describe, expect, it } from 'vitest';
import type { Command } from './commands.ts';
import { VIAS } from './product.ts';
import { arrives, blockAt, claims, contracts, done, expires, invoice, once, outcomes, storyOf, told } from './story.ts';

const LEG = 'leg 1 of earmark 1 for A';
const CLAIM = `claim ${LEG}`;

describe('a claim', () => {
	/** A's only leg goes from 1 to 10 and is attested. */
	const attested = [once('plan'), done(`send ${LEG}`), arrives(), once(`prove ${LEG}`)];
	const overClaiming = storyOf({ claiming: 1n, vias: [] });
	const story = (...commands: readonly Command[]) => overClaiming([80n, 20n, 10n], [{ 10: 60n }], [...attested, ...commands]);

	it('spends no nonce when somebody else has claimed while it was being built', async () => {
		const lines = await story(once(CLAIM, { interruptedAt: 1, interruptedBy: 1 }), arrives());
		expect(told(lines, `${CLAIM}: `).filter((line) => line.includes('sent'))).toEqual([]);
		expect(told(lines, `${CLAIM}: delivered`)).toHaveLength(1);
	});

	it('that reverts because somebody else was first delivers what that one has claimed', async () => {
		const lines = await story(once(CLAIM), arrives(), done(CLAIM));
		expect(told(lines, `${CLAIM}: `).filter((line) => line.includes('reverted'))).toHaveLength(1);
		expect(told(lines, `${CLAIM}: delivered`)).toHaveLength(1);
	});

	it('that reverts because its attestation has expired is sent again with the next one', async () => {
		const lines = await story(once(CLAIM), expires, blockAt('10'), done(CLAIM), arrives(), done(CLAIM));
		expect(told(lines, `${CLAIM}: `).filter((line) => line.includes('proven again'))).toHaveLength(1);
		expect(told(lines, `${CLAIM}: delivered`)).toHaveLength(1);
	});

	it('waits as long as its destination takes none', async () => {
		const lines = await story(claims('10', 'are paused'), done(CLAIM), claims('10', 'go on'), done(CLAIM));
		expect(told(lines, `${CLAIM}: `).filter((line) => line.includes('paused')).length).toBeGreaterThan(1);
		expect(lines.indexOf(`  ${CLAIM}: delivered`)).toBeLessThan(lines.indexOf('troubles end'));
	});

	it('that is refused ten times, or reverts three times, is tried until it comes through', async () => {
		for (const trouble of ['refuses', 'reverts'] as const) {
			const lines = await story(contracts('10', trouble), done(CLAIM), done(CLAIM));
			expect(told(lines, `${CLAIM}: delivered`)).toHaveLength(1);
			expect(outcomes(lines, 'settle earmark 1 for A: settled')).toHaveLength(1);
		}
	});

	it('that is mined is delivered, also when the process dies before it is recorded', async () => {
		for (const diesAt of [1, 2]) {
			const lines = await story(once(CLAIM), blockAt('10'), once(CLAIM, { diesAt }));
			expect(told(lines, `${CLAIM}: the process has died`)).toHaveLength(1);
			expect(told(lines, `${CLAIM}: delivered`)).toHaveLength(1);
		}
	});

	it('happens once, also beside its own twin', async () => {
		for (const interruptedAt of [1, 2, 3, 4]) await story(once(CLAIM, { interruptedAt, interruptedBy: 1 }), once(CLAIM));
	});

	it('is made for an invoice that is gone meanwhile, too', async () => {
		const lines = await story(invoice('A', 'is filled by another'), once('evaluate invoice A'));
		expect(told(lines, `${CLAIM}: delivered`)).toHaveLength(1);
	});

	it('is dropped when what was attested comes back all the same', async () => {
		expect(told(await story(arrives('back'), once(CLAIM)), `${CLAIM}: returned`)).toHaveLength(1);
	});

	it('that has a nonce is followed to its end before the funds that came back are free', async () => {
		const lines = await story(once(CLAIM), arrives('back'), done(CLAIM));
		expect(told(lines, `${CLAIM}: `).filter((line) => line.includes('reverted'))).toHaveLength(1);
		expect(told(lines, `${CLAIM}: returned`)).toHaveLength(1);
	});
});

describe('a leg of two hops', () => {
	const HOP_2 = `hop 2 of ${LEG}`;
	const [MODEL_FIRST, CLAIMING_FIRST] = VIAS;
	/** A's only leg goes from 1 over 10 to 56, by the free bridge first. */
	const sent = [once('plan'), done(`send ${LEG}`)];
	const parked = [...sent, arrives(), once(`prove ${LEG}`)];
	const modelFirst = storyOf({ claiming: 6n, vias: [MODEL_FIRST] });
	const story = (...commands: readonly Command[]) => modelFirst([160n, 20n, 10n], [{ 56: 60n }], commands);
	/** B would have to take what A's leg has taken. */
	const rivalry = (...commands: readonly Command[]) => modelFirst([77n, 20n, 10n], [{ 56: 60n }, { 10: 40n }], commands);
	const isSettled = (lines: readonly string[]) => expect(outcomes(lines, 'settle earmark 1 for A: settled')).toHaveLength(1);

	it('arrives over both bridges, whichever comes first', async () => {
		isSettled(await story(...parked, done(`send ${HOP_2}`), arrives(), once(`prove ${HOP_2}`), done(`claim ${HOP_2}`)));
		const claimed = [once('plan'), done(`send ${LEG}`), arrives(), once(`prove ${LEG}`), done(CLAIM)];
		const claimingFirst = storyOf({ claiming: 6n, vias: [CLAIMING_FIRST] });
		isSettled(await claimingFirst([160n, 20n, 10n], [{ 56: 60n }], [...claimed, done(`send ${HOP_2}`), arrives(), once(`prove ${HOP_2}`)]));
	});

	it('sends nothing over the second bridge before the first has delivered', async () => {
		const lines = await story(once('plan'), once(`send ${HOP_2}`), done(`send ${LEG}`), once(`send ${HOP_2}`));
		expect(told(lines, `send ${HOP_2}: hop 0 is`)).toEqual([`  send ${HOP_2}: hop 0 is planned`, `  send ${HOP_2}: hop 0 is in_flight`]);
	});

	it('parks what nobody else may spend', async () => {
		const lines = await rivalry(
			...parked,
			{ kind: 'balances' },
			once('evaluate invoice B'),
			done(`send ${HOP_2}`),
			once('evaluate invoice B'),
		);
		expect(told(lines, 'evaluate invoice B: paid at once')).toEqual([]);
	});

	it('leaves what is parked for others as soon as its invoice is gone', async () => {
		const gone = [invoice('A', 'is filled by another'), once('evaluate invoice A')];
		const lines = await rivalry(...parked, ...gone, once('evaluate invoice B'));
		expect(told(lines, 'evaluate invoice B: paid at once')).toHaveLength(1);
		expect(told(lines, `send ${HOP_2}`)).toEqual([]);
	});

	it('ends between its hops when its invoice goes at the very moment at which the first delivers', async () => {
		const gone = [invoice('A', 'is filled by another'), once('evaluate invoice A')];
		const lines = await story(...sent, arrives(), once(`prove ${LEG}`, { interruptedAt: 2, interruptedBy: 2 }), ...gone);
		expect(told(lines, `send ${HOP_2}`)).toEqual([]);
	});

	it('passes on what has arrived, and the rest is brought', async () => {
		const lines = await story(...sent, arrives('less'), once(`prove ${LEG}`), once('plan'), done('send leg 2 of earmark 1 for A'));
		isSettled(lines);
	});

	it('whose second bridge refuses for good, or reverts, leaves its funds for another way', async () => {
		for (const trouble of ['refuses', 'reverts'] as const) {
			const lines = await story(...parked, contracts('10', trouble), done(`send ${HOP_2}`), contracts('10', 'none'));
			expect(told(lines, `send ${HOP_2}: given up, nothing has left`)).toHaveLength(1);
			isSettled(lines);
		}
	});

	it('whose second hop comes back leaves its funds where they were parked', async () => {
		isSettled(await story(...parked, done(`send ${HOP_2}`), arrives('back'), once(`prove ${HOP_2}`)));
	});

	it('goes on from where it stood when the process dies at any of its transactions', async () => {
		for (const diesAt of [1, 2, 3]) isSettled(await story(...sent, arrives(), once(`prove ${LEG}`, { diesAt }), once('plan')));
	});
});
