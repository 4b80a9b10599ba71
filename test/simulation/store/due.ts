/** `src/store/due.ts` in memory. */
import { EARMARK_ACTIVE, type EarmarkStatus, isEarmarkTerminal } from '../../../src/earmark/state.ts';
import { isLegTerminal, LEG_ACTIVE, type LegStatus } from '../../../src/leg/state.ts';
import type * as real from '../../../src/store/due.ts';
import { type EarmarkRow, type EffectRow, type LegRow, type Memory, tablesOf } from './memory.ts';

const byTurn = (one: { nextActionAt: string }, other: { nextActionAt: string }) => one.nextActionAt.localeCompare(other.nextActionAt);

const ACTIVE: Readonly<Record<'legs' | 'earmarks', readonly string[]>> = { legs: LEG_ACTIVE, earmarks: EARMARK_ACTIVE };

export const takeDue: typeof real.takeDue = async (db, work, { limit, againAfterMs }) => {
	const memory = await tablesOf(db);
	const now = memory.now();
	const rows: (LegRow | EarmarkRow)[] = memory[work];
	const due = rows.filter((row) => ACTIVE[work].includes(row.status) && row.nextActionAt <= now).sort(byTurn);
	return due.slice(0, limit).map((row) => {
		memory.change(row, { nextActionAt: memory.now(againAfterMs) });
		return { id: row.id, earmarkId: 'earmarkId' in row ? row.earmarkId : row.id };
	});
};

const OPEN: readonly string[] = ['intended', 'reserved', 'signed', 'tracking'];

export const endedWithOpenAllowances: typeof real.endedWithOpenAllowances = async (db, idleMs) => {
	const memory = await tablesOf(db);
	const before = memory.now(-idleMs);
	const open = memory.effects.filter(
		(each) => (each.kind === 'approve' || each.kind === 'reset') && OPEN.includes(each.status) && each.updatedAt < before,
	);
	return [...new Set(open.flatMap((effect) => endedOwner(memory, effect)))].slice(0, 100);
};

/** The earmark of an effect of which it or its leg has ended. */
function endedOwner(memory: Memory, { ownerKind, ownerId }: EffectRow): string[] {
	const leg = ownerKind === 'leg' ? memory.legs.find((each) => each.id === ownerId) : undefined;
	const earmark = memory.earmarks.find((each) => each.id === (leg?.earmarkId ?? ownerId));
	if (earmark === undefined) return [];
	const hasEnded = isEarmarkTerminal(earmark.status as EarmarkStatus) || (leg !== undefined && isLegTerminal(leg.status as LegStatus));
	return hasEnded ? [earmark.id] : [];
}
