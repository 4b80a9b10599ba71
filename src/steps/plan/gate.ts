/** How far what is known can be relied on, for everybody who begins something new. What has begun goes on, whatever it says. */
import type { App } from '../../app.ts';
import { usableOf } from '../../health/advice.ts';
import { type Obeyed, obeyed } from '../../health/obeyed.ts';
import { availableOf, type Holding } from '../../inventory/available.ts';
import { add, subtract } from '../../money/amount.ts';
import type { Db, Tx } from '../../store/db.ts';
import { ALL_MARKETS, readHealth } from '../../store/health.ts';

const RELIED_ON: Obeyed = { state: 'normal', reason: '', sinceMs: null };

/** Of all markets together. Nothing follows from it before the last phase. */
export async function gateInForce({ config: { fills } }: Pick<App, 'config'>, db: Db | Tx): Promise<Obeyed> {
	if (fills.phase !== 'degrade') return RELIED_ON;
	const kept = (await readHealth(db)).find(({ market }) => market === ALL_MARKETS) ?? null;
	return obeyed(kept, { haltMs: fills.gate.haltMs, silentMs: fills.silentMs });
}

/** What is available shrinks with it: the rest is left where it is. */
export function withinGate({ config: { fills } }: Pick<App, 'config'>, gate: Obeyed, holdings: readonly Holding[]): readonly Holding[] {
	if (gate.state === 'normal') return holdings;
	return holdings.map((each) => {
		const available = availableOf(each);
		return { ...each, held: add(each.held, subtract(available, usableOf(available, gate.state, fills.advice))) };
	});
}
