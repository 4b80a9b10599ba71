/**
 * One token of ours: what the chain last showed, and the fills that it has not shown yet. What a look shows is taken for fills by transaction hash, then
 * by what came in and went out, and where no transfers are known by what the balance has changed; the oldest fill first.
 */
import type { Position } from '../inventory/venue.ts';
import { type Amount, min } from '../money/amount.ts';
import { type Block, type Fill, isFinal, restOf, type Side } from './fill.ts';
import { type Look, type Moved, movesOf, netOf, type Seen, type Stranger, signed, sumOf } from './look.ts';
import { FillQueue } from './queue.ts';

const SIDES: readonly Side[] = ['buy', 'sell'];
const NOTHING: Seen = { kind: 'older', unexplained: 0n, isMismatch: false };

export class PositionBook {
	readonly position: Position;
	/** Base units; null before the first look. */
	confirmed: Amount | null = null;
	block: Block | null = null;
	/** Fills that settled, in whole or in part, after they had failed or expired; each once. */
	lateCount = 0;
	readonly pending: Readonly<Record<Side, FillQueue>> = { buy: new FillQueue(), sell: new FillQueue() };
	/** Failed or expired: they may settle after all. */
	private readonly gone: Readonly<Record<Side, FillQueue>> = { buy: new FillQueue(), sell: new FillQueue() };
	private readonly named = new Map<string, readonly Fill[]>();
	/** Of which some is on the chain, and may be taken back. */
	private readonly shown = new Set<Fill>();
	/** What nothing explains, as it was kept. */
	strangers: Stranger[] = [];
	/** They expired, and the chain was not seen in a block after that. */
	private fading: Fill[] = [];
	/** Fills that have changed since somebody asked. */
	private touched = new Set<Fill>();

	constructor(position: Position) {
		this.position = position;
	}

	/** Base units: the chain, and every fill that it has not shown. Below zero only when more is sold than there is. */
	get effective(): bigint | null {
		return this.confirmed === null ? null : this.confirmed + this.pending.buy.rest - this.pending.sell.rest;
	}

	/** Base units that buys take of a limit: what is there, what is bought, and what expired and may have settled unseen. Never less for sells. */
	get bought(): bigint | null {
		if (this.confirmed === null) return null;
		return this.fading.reduce<bigint>((sum, fill) => sum + restOf(fill), this.confirmed + this.pending.buy.rest);
	}

	/** Base units that may be sold: what is there less what is sold already; nothing that is only bought. */
	get sellable(): bigint | null {
		if (this.confirmed === null) return null;
		const left = this.confirmed - this.pending.sell.rest;
		return left > 0n ? left : 0n;
	}

	add(fill: Fill): void {
		this.pending[fill.side].add(fill);
		this.touched.add(fill);
	}

	/** One that was kept elsewhere, as it was; before anything else is told of the token, and in their order. */
	load(fill: Fill): void {
		if (restOf(fill) > 0n) this.queueOf(fill).add(fill);
		if (fill.parts.length > 0) this.shown.add(fill);
		if (fill.status === 'expired' && fill.side === 'buy') this.fading.push(fill);
		for (const hash of fill.hashes) this.named.set(hash, [...(this.named.get(hash) ?? []), fill]);
	}

	/** Those that have changed since it was last asked, each once. */
	changed(): Fill[] {
		const touched = [...this.touched];
		this.touched = new Set();
		return touched;
	}

	/** The channel has said something new of it. */
	touch(fill: Fill): void {
		this.touched.add(fill);
	}

	/** A transaction that it is said to be settled by. */
	name(fill: Fill, hash: string): void {
		if (fill.hashes.includes(hash)) return;
		fill.hashes.push(hash);
		this.touched.add(fill);
		this.named.set(hash, [...(this.named.get(hash) ?? []), fill]);
	}

	/** A hash or a status has come that may tell which of the transfers that nothing explained it was. */
	explain(fill: Fill): void {
		const queue = this.queueOf(fill);
		for (const stranger of this.strangers) {
			if (stranger.side !== fill.side || !queue.has(fill)) continue;
			const isKnown = stranger.tx !== null && fill.hashes.includes(stranger.tx);
			// What was mined is on the chain, and a fill without a hash may be any transfer.
			const isAny = fill.hashes.length === 0 && (fill.channel === 'mined' || isFinal(fill.channel));
			if (isKnown || isAny) stranger.left = minus(stranger.left, this.take(fill, stranger, stranger.left));
		}
		this.strangers = this.strangers.filter(({ left }) => left > 0n);
	}

	/** The channel says that it never settles. What the chain has shown of it stays shown. */
	fail(fill: Fill): void {
		this.touched.add(fill);
		if (fill.status === 'expired') fill.status = 'failed';
		if (fill.status === 'pending') this.drop(fill, 'failed');
	}

	expire(fill: Fill): void {
		this.drop(fill, 'expired');
		fill.droppedAt = this.block?.number ?? null;
		if (fill.side === 'buy') this.fading.push(fill);
	}

	private drop(fill: Fill, status: 'failed' | 'expired'): void {
		this.touched.add(fill);
		this.pending[fill.side].remove(fill);
		fill.status = status;
		this.gone[fill.side].add(fill);
	}

	/** Nobody has to know of it any more: not even whether its block is taken back. */
	forget(fill: Fill): void {
		this.touched.delete(fill);
		this.shown.delete(fill);
		this.gone[fill.side].remove(fill);
		for (const hash of fill.hashes) {
			const others = this.named.get(hash)?.filter((each) => each !== fill) ?? [];
			if (others.length > 0) this.named.set(hash, others);
			else this.named.delete(hash);
		}
	}

	/** Changes nothing when it is the same look again. */
	look(look: Look): Seen {
		const { block, confirmed } = look;
		const before = this.baseline(look);
		if (before === 'older') return NOTHING;
		this.confirmed = confirmed;
		this.block = block;
		this.fade(block.number);
		if (before === null) return { ...NOTHING, kind: 'first' };
		const net = confirmed - before;
		const known = look.flows?.flatMap(movesOf) ?? null;
		const isMismatch = known !== null && sumOf(known) !== net;
		const moves = known !== null && !isMismatch ? known : netOf(net, block);
		return { kind: 'taken', isMismatch, unexplained: this.absorb(moves, look.atMs) };
	}

	private fade(block: bigint): void {
		for (const fill of this.fading) fill.droppedAt ??= block;
		this.fading = this.fading.filter((fill) => fill.status !== 'failed' && restOf(fill) > 0n && block <= (fill.droppedAt ?? block));
	}

	/** What the chain showed before the look, without what was taken back. */
	private baseline({ block, takenBackFrom }: Look): bigint | null | 'older' {
		if (this.block === null || this.confirmed === null) return null;
		const isSameHeight = block.number === this.block.number;
		if (takenBackFrom === null && isSameHeight && block.hash === this.block.hash) return 'older';
		if (takenBackFrom === null && block.number < this.block.number) return 'older';
		const from = takenBackFrom ?? (isSameHeight ? block.number : null);
		return from === null ? this.confirmed : this.confirmed - this.takeBack(from);
	}

	/** Base units by which the balance had changed since that block, as far as it is known. */
	private takeBack(from: bigint): bigint {
		let changed = 0n;
		for (const fill of this.shown) {
			const gone = fill.parts.filter(({ block }) => block.number >= from);
			if (gone.length === 0) continue;
			changed += signed(
				fill.side,
				gone.reduce((sum, part) => sum + part.amount, 0n),
			);
			this.restore(
				fill,
				fill.parts.filter(({ block }) => block.number < from),
			);
		}
		for (const { side, left, block } of this.strangers) if (block.number >= from) changed += signed(side, left);
		this.strangers = this.strangers.filter(({ block }) => block.number < from);
		return changed;
	}

	private restore(fill: Fill, parts: Fill['parts']): void {
		const queue = this.queueOf(fill);
		this.touched.add(fill);
		queue.remove(fill);
		fill.parts = parts;
		if (parts.length === 0) this.shown.delete(fill);
		if (fill.status === 'absorbed') fill.status = 'pending';
		if (fill.status === 'late' && parts.length === 0) fill.status = fill.channel === 'failed' ? 'failed' : 'expired';
		this.queueOf(fill).add(fill);
	}

	private queueOf({ status, side }: Fill): FillQueue {
		return (status === 'pending' || status === 'absorbed' ? this.pending : this.gone)[side];
	}

	/** Returns what no fill explains. */
	private absorb(moves: readonly Moved[], atMs: number): bigint {
		const rests = moves.map(({ amount }) => amount);
		const takeFrom = (fillsOf: (move: Moved) => Iterable<Fill>, fits: (fill: Fill) => boolean = () => true) => {
			for (const [index, move] of moves.entries()) {
				for (const fill of fillsOf(move)) {
					if (rests[index] === 0n) break;
					if (!fits(fill)) continue;
					const taken = this.take(fill, move, rests[index] as Amount);
					rests[index] = (rests[index] ?? 0n) - taken;
				}
			}
		};
		takeFrom(({ side, tx }) => (this.named.get(tx ?? '') ?? []).filter((fill) => fill.side === side));
		takeFrom(({ side }) => this.pending[side].oldestFirst());
		// What failed is taken by its hash alone.
		takeFrom(
			({ side }) => this.gone[side].oldestFirst(),
			({ channel }) => channel !== 'failed',
		);
		return this.keepStrangers(moves, { rests, atMs });
	}

	private keepStrangers(moves: readonly Moved[], { rests, atMs }: { rests: readonly bigint[]; atMs: number }): bigint {
		let unexplained = 0n;
		for (const [index, { side, tx, block }] of moves.entries()) {
			const left = rests[index] as Amount;
			if (left === 0n) continue;
			unexplained += signed(side, left);
			this.strangers.push({ side, left, tx, block, atMs });
		}
		return unexplained;
	}

	/** Base units taken, `most` at most. */
	private take(fill: Fill, { block }: Pick<Moved, 'block'>, most: Amount): Amount {
		const queue = this.queueOf(fill);
		const taken = min(restOf(fill), most);
		if (taken === 0n) return taken;
		const wasGone = fill.status === 'failed' || fill.status === 'expired';
		this.touched.add(fill);
		queue.show(fill, { amount: taken, block });
		this.shown.add(fill);
		if (fill.status === 'pending' && restOf(fill) === 0n) fill.status = 'absorbed';
		if (wasGone) {
			fill.status = 'late';
			if (!fill.wasLate) this.lateCount += 1;
			fill.wasLate = true;
		}
		return taken;
	}

	/** What no fill explains since, in base units, both ways counted. */
	unexplained(sinceMs: number): bigint {
		this.strangers = this.strangers.filter(({ atMs }) => atMs > sinceMs);
		return this.strangers.reduce((sum, { left }) => sum + left, 0n);
	}

	/** Base units of fills that were first seen before, and that the chain has not shown. */
	waitingSince(beforeMs: number): bigint {
		let sum = 0n;
		for (const side of SIDES) {
			for (const fill of this.pending[side].oldestFirst()) {
				if (fill.firstSeenMs > beforeMs) break;
				sum += restOf(fill);
			}
		}
		return sum;
	}
}

const minus = (from: Amount, units: bigint): Amount => (from - units) as Amount;
