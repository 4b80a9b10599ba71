/** Faults of the exchange: what it says of withdrawals and deposits, and what it does with them. Nothing happens where there is none. */
import type { Binance } from '../../../sandbox/binance/binance.ts';
import type { BinanceSettings } from '../../../sandbox/binance/settings.ts';
import type { ApiFaultRule } from '../../../sandbox/http/api-server.ts';
import { broken, firstOf, lose, nonsense, times, when } from '../../../sandbox/http/misbehave.ts';
import { at, type Dice, one } from './dice.ts';
import type { Game } from './faults.ts';

const APPLY = /\/withdraw\/apply$/;
const ANY = /./;
const LASTS_MS = 4_000;
const BAN_MS = 3_000;
const LAG_MS = 1_500;
const REQUESTS = 5;
/** Once more before it stands for good: what is lost must be asked for again. */
const LOST_ANSWERS = 2;

/** Taken and carried out; the answer is nonsense. */
export function loseWithdrawalAnswers(game: Game): void {
	onRequests(game, times(LOST_ANSWERS, when('POST', APPLY, nonsense())));
}

/** The same, and there is never an answer: whoever has asked still waits when others see it carried out. */
export function holdWithdrawalAnswers(game: Game): void {
	onRequests(game, times(LOST_ANSWERS, when('POST', APPLY, lose())));
}

/** Not taken, and nobody can know. */
export function breakWithdrawals(game: Game): void {
	onRequests(game, times(LOST_ANSWERS, when('POST', APPLY, broken())));
}

export function disturbExchange(game: Game, dice: Dice): void {
	const fault = one([broken(), nonsense(), nonsense([]), lose()], at(dice, 2));
	onRequests(game, times(REQUESTS, when(one(['GET', 'POST'], at(dice, 3)), ANY, fault)));
}

/** For as long as faults go on. */
export const holdWithdrawals = (game: Game): void => setTo(game, { stuck: () => true });
export const lockDeposits = (game: Game, dice: Dice): void => setTo(game, { locked: () => true, lockedIsFree: at(dice, 2) % 2 === 0 });
export const holdDeposits = (game: Game): void => setTo(game, { pending: () => true });
export const lagHistory = (game: Game): void => setTo(game, { historyLagMs: LAG_MS });

/** The first withdrawals come to nothing, by one word or another. */
export function endWithdrawals(game: Game, dice: Dice): void {
	const ended = new Set<string>();
	const outcome = one(['cancelled', 'rejected', 'failed'] as const, at(dice, 2));
	setTo(game, {
		outcome: ({ id }) => {
			if (ended.size === 0) ended.add(id);
			return ended.has(id) ? outcome : 'completed';
		},
	});
}

export function closeExchange(game: Game, dice: Dice): void {
	forAWhile(game, ({ settings }) => {
		settings.maintenance = one(['closed', 'unknown', 'unavailable'] as const, at(dice, 2));
		return () => {
			settings.maintenance = null;
		};
	});
}

/** Networks of which nothing may be withdrawn now. */
export function suspendWithdrawals(game: Game): void {
	forAWhile(game, (binance) => {
		const all = (isOpen: boolean) => {
			for (const { coin, network } of binance.listings) binance.setTerms(coin, network, { withdrawEnable: isOpen });
		};
		all(false);
		return () => all(true);
	});
}

/** 429, and the ban for whoever goes on asking. */
export function limitRequests(game: Game): void {
	setTo(game, { ipPerMinute: 40, patience: 0, banMs: BAN_MS });
}

function onRequests({ world: { binance }, undo }: Game, rule: ApiFaultRule): void {
	if (binance === null) return;
	binance.api.fault = firstOf(rule, binance.api.fault);
	undo.push(() => {
		binance.api.fault = () => undefined;
	});
}

function setTo({ world: { binance }, undo }: Game, change: Partial<BinanceSettings>): void {
	if (binance === null) return;
	// Only what it changes: another fault that stands now may have ended by then.
	const changed = new Set(Object.keys(change));
	const before = Object.fromEntries(Object.entries(binance.settings).filter(([key]) => changed.has(key)));
	Object.assign(binance.settings, change);
	undo.push(() => void Object.assign(binance.settings, before));
}

/** It ends by itself, or when faults stop. */
function forAWhile({ world: { binance }, undo }: Game, begin: (binance: Binance) => () => void): void {
	if (binance === null) return;
	const end = begin(binance);
	const timer = setTimeout(end, LASTS_MS);
	undo.push(() => {
		clearTimeout(timer);
		end();
	});
}
