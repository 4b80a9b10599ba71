/**
 * The two histories, of deposits and of withdrawals, in the words of the API. A window is at most ninety days wide and ends now
 * unless told otherwise; asked for one client id, at most seven. Assumed: a beginning that is left out is that far before the end.
 */
import { textOf } from './amount.ts';
import { type Deposit, receivedOf, type Withdrawal } from './book.ts';
import type { Desk } from './desk.ts';
import { Refusal } from './refusal.ts';
import type { FormRequest } from './server.ts';
import { wholeNumber } from './signature.ts';

const DAY_MS = 86_400_000;
const WIDEST_DAYS = 90;
const WIDEST_DAYS_OF_ONE = 7;
const MOST_ROWS = 1_000;

export function depositHistory({ book, settings, listings }: Desk, request: FormRequest) {
	const { parameters } = request;
	const window = windowOf(request, settings.nowMs(), WIDEST_DAYS);
	const found = [...book.deposits.values()]
		.filter(({ insertedAtMs }) => isWithin(window, insertedAtMs))
		.filter(matches(parameters, { coin: ({ coin }) => coin, status: ({ status }) => `${status}`, txId: (each) => each.transactionHash }))
		.sort((a, b) => b.insertedAtMs - a.insertedAtMs);
	return page(request, settings.order === 'newest first' ? found : found.reverse()).map((each) => depositRow(each, listings));
}

function depositRow(deposit: Deposit, listings: Desk['listings']) {
	const { coin, network, status, insertedAtMs, completedAtMs, confirmations } = deposit;
	const terms = listings.find((each) => each.coin === coin && each.network === network)?.terms;
	return {
		id: deposit.id,
		amount: textOf(deposit.amount),
		coin,
		network,
		status,
		address: deposit.address,
		addressTag: '',
		txId: deposit.transactionHash,
		insertTime: insertedAtMs,
		...(completedAtMs !== null && { completeTime: completedAtMs }),
		transferType: 0,
		confirmTimes: `${confirmations}/${terms?.minConfirm ?? 0}`,
		unlockConfirm: terms?.unLockConfirm ?? 0,
		walletType: 0,
		travelRuleStatus: 0,
	};
}

export function withdrawalHistory({ book, settings }: Desk, request: FormRequest) {
	const { parameters } = request;
	const now = settings.nowMs();
	const window = windowOf(request, now, parameters.has('withdrawOrderId') ? WIDEST_DAYS_OF_ONE : WIDEST_DAYS);
	const ids = parameters.get('idList')?.split(',');
	const found = book.withdrawals
		.filter(({ appliedAtMs }) => isWithin(window, appliedAtMs) && now >= appliedAtMs + settings.historyLagMs)
		.filter(({ id }) => ids === undefined || ids.includes(id))
		.filter(
			matches(parameters, { coin: ({ coin }) => coin, status: ({ status }) => `${status}`, withdrawOrderId: ({ orderId }) => orderId }),
		);
	return page(request, settings.order === 'newest first' ? found.reverse() : found).map((each) => withdrawalRow(each, settings));
}

function withdrawalRow(withdrawal: Withdrawal, { historyAmount }: Desk['settings']) {
	const { coin, network, status, orderId, completedAtMs, info } = withdrawal;
	return {
		id: withdrawal.id,
		amount: textOf(historyAmount === 'received' ? receivedOf(withdrawal) : withdrawal.amount),
		transactionFee: textOf(withdrawal.fee),
		coin,
		status,
		address: withdrawal.address,
		txId: withdrawal.transactionHash ?? '',
		applyTime: utcText(withdrawal.appliedAtMs),
		network,
		transferType: 0,
		...(orderId !== null && { withdrawOrderId: orderId }),
		info: info ?? '',
		confirmNo: status === 6 ? 1 : 0,
		walletType: 0,
		txKey: '',
		...(completedAtMs !== null && { completeTime: utcText(completedAtMs) }),
	};
}

/** "2026-03-01 12:00:00", cut to the second. */
const utcText = (ms: number): string => new Date(ms).toISOString().slice(0, 19).replace('T', ' ');

interface Window {
	readonly fromMs: number;
	readonly toMs: number;
}

const isWithin = ({ fromMs, toMs }: Window, atMs: number): boolean => atMs >= fromMs && atMs <= toMs;

function windowOf(request: FormRequest, nowMs: number, widestDays: number): Window {
	const toMs = wholeNumber(request, 'endTime') ?? nowMs;
	const fromMs = wholeNumber(request, 'startTime') ?? toMs - widestDays * DAY_MS;
	if (fromMs > toMs || toMs - fromMs > widestDays * DAY_MS) throw new Refusal('badInterval', [widestDays]);
	return { fromMs, toMs };
}

/** Rows whose fields are as the parameters say; a parameter that was not sent says nothing. */
function matches<Row>(parameters: FormRequest['parameters'], fields: Readonly<Record<string, (row: Row) => string | null>>) {
	return (row: Row): boolean =>
		Object.entries(fields).every(([name, of]) => parameters.get(name) === undefined || parameters.get(name) === of(row));
}

function page<Row>(request: FormRequest, rows: readonly Row[]): readonly Row[] {
	const offset = wholeNumber(request, 'offset') ?? 0;
	return rows.slice(offset, offset + Math.min(wholeNumber(request, 'limit') ?? MOST_ROWS, MOST_ROWS));
}
