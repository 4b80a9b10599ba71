/** Random trades, told in any order, several times and not at all, beside a chain that settles them in its own time: the book and the model hold the same. */
import { FillBook } from '../../src/fills/book.ts';
import type { ChannelStatus, FillReport } from '../../src/fills/fill.ts';
import type { Flow } from '../../src/fills/look.ts';
import type { Position } from '../../src/inventory/venue.ts';
import { type Amount, amount } from '../../src/money/amount.ts';
import { generator, pick, type Random } from '../faults/random.ts';
import { Model } from './model.ts';

const TTL_MS = 180_000;
const TOKENS = 4;
/** After so many messages everything begins anew: the model looks through all it has. */
const CHAPTER = 400;
const STATUSES: readonly ChannelStatus[] = ['matched', 'retrying', 'mined', 'confirmed', 'failed'];

interface Played {
	readonly messages: number;
	/** Looks at the two that differed. */
	readonly differences: number;
}

/** `onDifference` is told of the first in words. */
export function play(messages: number, seed: number, onDifference: (text: string) => void = () => {}): Played {
	const random = generator(seed);
	let differences = 0;
	for (let told = 0; told < messages; told += CHAPTER) {
		const found = playChapter(Math.min(CHAPTER, messages - told), random);
		if (found.length > 0 && differences === 0) onDifference(found[0] ?? '');
		differences += found.length;
	}
	return { messages, differences };
}

interface Token {
	readonly position: Position;
	readonly model: Model;
	balance: bigint;
	block: bigint;
	/** Moved on the chain since the last look. */
	flows: Flow[];
}

function playChapter(messages: number, random: Random): string[] {
	const book = new FillBook({ ttlMs: TTL_MS, rememberMs: 1_000_000_000 });
	const tokens = Array.from({ length: TOKENS }, (_, index) => newToken(`T${index}`));
	for (const token of tokens) look(book, token, 0);
	const reports: FillReport[] = [];
	const differences: string[] = [];
	let nowMs = 0;
	for (let told = 0; told < messages; told += 1) {
		nowMs += random(3_000);
		const token = pick(tokens, random);
		const report =
			random(3) === 0 || reports.length === 0 ? newReport(token, told, { random, nowMs }) : again(pick(reports, random), random);
		reports.push(report);
		const about = tokens.find(({ position }) => position.asset === report.position.asset) ?? token;
		book.hear(report, nowMs);
		about.model.hear(report, nowMs);
		if (random(4) === 0) settle(pick(reports, random), tokens, random);
		if (random(6) === 0) look(book, token, nowMs);
		if (random(9) === 0) expire({ book, tokens, nowMs, differences });
		differences.push(...differencesIn(book, about));
	}
	return differences;
}

const newToken = (asset: string): Token => ({
	...{ position: { venue: '137', asset }, model: new Model(1_000_000n), balance: 1_000_000n, block: 0n, flows: [] },
});

function newReport({ position }: Token, number: number, { random, nowMs }: { random: Random; nowMs: number }): FillReport {
	return {
		...{ trade: `t${number}`, order: `o${random(2)}`, bucket: random(2), position, side: random(2) === 0 ? 'buy' : 'sell' },
		...{ amount: amount(BigInt(1 + random(1_000))), status: pick(STATUSES, random), tradedMs: nowMs },
		transactionHash: random(2) === 0 ? null : `0x${number}`,
	};
}

/** The same one with another status, and now and then with a transaction. */
function again(report: FillReport, random: Random): FillReport {
	const transactionHash = random(3) === 0 ? `0x${report.trade.slice(1)}` : report.transactionHash;
	return { ...report, status: pick(STATUSES, random), transactionHash };
}

/** On the chain by its own hash, in part, or twice, as a foreigner's transfer would look. */
function settle({ position, side, amount: whole, trade }: FillReport, tokens: readonly Token[], random: Random): void {
	const token = tokens.find((each) => each.position.asset === position.asset);
	if (token === undefined) return;
	const units = amount(random(4) === 0 ? BigInt(1 + random(500)) : whole);
	const tx = random(2) === 0 ? `0x${trade.slice(1)}` : `0xforeign${random(1_000)}`;
	const [incoming, outgoing] = side === 'buy' ? [units, amount(0n)] : [amount(0n), units];
	token.flows.push({ tx, incoming, outgoing, block: { number: token.block + 1n, hash: `0x${token.block + 1n}` } });
	token.balance += incoming - outgoing;
}

function look(book: FillBook, token: Token, atMs: number): void {
	token.block += 1n;
	const block = { number: token.block, hash: `0x${token.block}` };
	const confirmed = token.balance as Amount;
	book.look(token.position, { block, confirmed, flows: token.flows, takenBackFrom: null, atMs });
	token.model.look(token.balance, token.flows);
	token.flows = [];
}

interface Moment {
	readonly book: FillBook;
	readonly tokens: readonly Token[];
	readonly nowMs: number;
	readonly differences: string[];
}

function expire({ book, tokens, nowMs, differences }: Moment): void {
	const dropped = book.expire(nowMs).length;
	const expected = tokens.reduce((sum, { model }) => sum + model.expire(nowMs - TTL_MS), 0);
	if (dropped !== expected) differences.push(`${dropped} were dropped, and not ${expected}`);
}

function differencesIn(book: FillBook, { position, model }: Token): string[] {
	const at = book.at(position);
	const [has, expected] = [
		[at.effective, at.pending.buy.rest, at.pending.sell.rest, at.unexplained(-1)],
		[model.effective, model.pending('buy'), model.pending('sell'), model.unexplained],
	].map((each) => each.join(' '));
	return has === expected ? [] : [`effective, bought, sold and unexplained are ${has}, and not ${expected}`];
}
