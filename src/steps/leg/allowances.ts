/** Who has ended leaves no allowance behind: approvals still under way are followed to their end, and resets are sent. */
import type { App } from '../../app.ts';
import type { Earmark } from '../../earmark/earmark.ts';
import { isEarmarkTerminal } from '../../earmark/state.ts';
import { InvariantError } from '../../errors.ts';
import type { Effect } from '../../leg/effect.ts';
import { EFFECT_TRANSITIONS } from '../../leg/effect-state.ts';
import { isLegTerminal } from '../../leg/state.ts';
import { done, type Outcome, snooze } from '../../outcome.ts';
import { inTransaction, lockEarmarks } from '../../store/db.ts';
import { expectEarmarkWithin, readEarmark } from '../../store/earmarks.ts';
import { readEffectsOf } from '../../store/effects.ts';
import { resolveOnly, resolveReverted } from '../../store/leg-ends.ts';
import { readLegsOf } from '../../store/legs.ts';
import { driveEffect } from './drive.ts';

const GRACE_MS = 5_000;

/** Those of ended legs, and the earmark's own once it has ended. Null when nothing is open; else what the job has to do now. */
export async function sweepAllowances(app: App, earmarkId: string): Promise<Outcome | null> {
	const earmark = await readEarmark(app.db, earmarkId);
	const ended = (await readLegsOf(app.db, earmarkId)).filter((leg) => isLegTerminal(leg.status)).map((leg) => leg.id);
	const own = isEarmarkTerminal(earmark.status) ? await readEffectsOf(app.db, 'earmark', [earmarkId]) : [];
	const all = [...own, ...(await readEffectsOf(app.db, 'leg', ended))];
	const open = all.filter((each) => (each.kind === 'approve' || each.kind === 'reset') && EFFECT_TRANSITIONS[each.status].length > 0);
	for (const effect of open) {
		const outcome = await drive(app, earmark, effect);
		if (outcome !== 'confirmed') return outcome;
	}
	return null;
}

function drive(app: App, earmark: Earmark, effect: Effect): Promise<'confirmed' | Outcome> {
	const wait = async ({ lookAgainMs, reason }: { lookAgainMs: number; reason: string }) => {
		await expectEarmarkWithin(app.db, earmark.id, lookAgainMs + GRACE_MS);
		return snooze(lookAgainMs, reason);
	};
	return driveEffect(app, {
		effect,
		ids: { earmark: earmark.id },
		prepare: () => Promise.reject(new InvariantError(`effect ${effect.id} is no approval`, { effectId: effect.id })),
		lockOwner: (tx) => lockEarmarks(tx, [earmark.id]),
		onNonce: async () => {},
		confirm: (tx, mined) => resolveOnly(tx, effect, mined),
		wait,
		giveUp: async (reason, mined) => {
			if (mined === null) return wait({ lookAgainMs: GRACE_MS, reason });
			const cause = { actor: `effect ${effect.id}`, reason: `given up: ${reason}`.slice(0, 500) };
			await inTransaction(app.db, cause, (tx) => resolveReverted(tx, effect, mined));
			return done(reason);
		},
	});
}
