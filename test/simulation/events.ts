/** What happens outside in a run, and to its queue server. */
import type { BreakerWord } from '../../src/leg/breaker-state.ts';
import { inTransaction } from '../../src/store/db.ts';
import { requestCancel } from '../../src/store/lanes.ts';
import { countEnds, switchRoute } from '../../src/store/route-breakers.ts';
import type { ChainEvent, Command } from './commands.ts';
import type { Deposit } from './deposits.ts';
import { type Stage, tell, venueOf, wordsOf } from './stage.ts';

const DAY_MS = 86_400_000;

type Event = Exclude<Command, { readonly kind: 'work' | 'step' | 'wave' | 'time' | 'cancel' | 'route' | 'poll' | 'balances' }>;

export function happenOutside(stage: Stage, event: Event): void {
	const { outside, clock, queue } = stage;
	switch (event.kind) {
		case 'arrive':
			arrive(stage, event);
			return;
		case 'expire':
			expire(stage, event.pick);
			return;
		case 'invoice':
			changeInvoice(stage, event);
			return;
		case 'claims':
			if (event.paused) fault(stage, `claims at ${venueOf(event.pick)} are paused`);
			else tell(stage, `claims at ${venueOf(event.pick)} go on`);
			if (event.paused) outside.deposits.paused.add(venueOf(event.pick));
			else outside.deposits.paused.delete(venueOf(event.pick));
			return;
		case 'gift':
			tell(stage, `somebody pays us ${10 + event.pick} at ${venueOf(event.pick)}`);
			outside.give(venueOf(event.pick), BigInt(10 + event.pick));
			return;
		case 'day':
			tell(stage, 'a day passes');
			clock.nowMs += DAY_MS;
			return;
		case 'silence':
			fault(stage, 'the hub does not answer the next question');
			outside.silence = 1;
			return;
		case 'lose': {
			const ready = queue.ready();
			const job = ready[event.pick % Math.max(ready.length, 1)];
			if (job === undefined) return;
			fault(stage, `the queue server loses the job ${job.request.queue}`);
			queue.lose(job);
			return;
		}
		case 'flush':
			fault(stage, 'the queue server loses everything');
			queue.flush();
			return;
		default:
			happenOnChain(stage, event);
			return;
	}
}

function happenOnChain(stage: Stage, event: ChainEvent): void {
	const venue = venueOf(event.pick);
	const chain = stage.outside.chainAt(venue);
	switch (event.kind) {
		case 'mine':
			tell(stage, `a block at ${venue}`);
			chain.mine();
			return;
		case 'trouble':
			if (event.trouble === 'none') tell(stage, `contracts at ${venue} are well`);
			else fault(stage, `contracts at ${venue}: ${event.trouble}`);
			chain.trouble = event.trouble;
			return;
		case 'deaf':
			fault(stage, `the node of ${venue} does not answer ${event.questions} times`);
			chain.deaf = event.questions;
			return;
		case 'forget':
			if (chain.forget(event.pick)) fault(stage, `the pool of ${venue} forgets a transaction`);
			return;
		case 'reorganise': {
			const taken = chain.reorganise(event.depth, event.forgets);
			if (taken > 0)
				fault(stage, `${taken} blocks of ${venue} are taken back${event.forgets ? ', and what was in them is forgotten' : ''}`);
			return;
		}
		case 'fees':
			if (BigInt(event.floor) > chain.floor) fault(stage, `at ${venue} only ${event.floor} per gas are enough`);
			else tell(stage, `at ${venue} ${event.floor} per gas are enough`);
			chain.floor = BigInt(event.floor);
	}
}

function fault(stage: Stage, words: string): void {
	stage.faults += 1;
	tell(stage, words);
}

/** An operator wants what is under way cancelled: only an empty transaction is signed for its nonce any more. */
export async function cancel(stage: Stage, pick: number): Promise<void> {
	const open = stage.memory.effects.filter(({ status }) => status === 'reserved' || status === 'signed' || status === 'tracking');
	const effect = open[pick % Math.max(open.length, 1)];
	if (effect === undefined) return;
	fault(stage, `an operator wants a ${effect.kind} at ${effect.venue} cancelled`);
	await requestCancel(stage.app.db, effect.id, { actor: 'operator', reason: 'simulated' });
}

/** Others have failed on a route, or an operator says something about it. */
export async function turnRoute(stage: Stage, { pick, how }: Extract<Command, { kind: 'route' }>): Promise<void> {
	const { app } = stage;
	const route = app.config.routes[pick % app.config.routes.length];
	if (route === undefined) return;
	if (how !== 'fails') return sayAboutRoute(stage, route.id, how);
	fault(stage, `route ${route.id} fails`);
	const end = { route: route.id, kind: 'failed', why: 'it fails for others' } as const;
	for (const legId of ['one', 'two', 'three'])
		await inTransaction(app.db, { actor: 'others', reason: 'simulated' }, (tx) => countEnds(tx, { end: { ...end, legId }, over: [] }));
}

export async function sayAboutRoute({ app, story }: Stage, route: string, word: BreakerWord): Promise<void> {
	story.push(`an operator says ${word} to route ${route}`);
	await switchRoute(app.db, { route, assets: ['USDC'], word }, { actor: 'operator', reason: 'simulated' });
}

function arrive(stage: Stage, { pick, how }: Extract<Event, { kind: 'arrive' }>): void {
	const { deposits } = stage.outside;
	const waiting = deposits.settled();
	const deposit = waiting[pick % Math.max(waiting.length, 1)];
	if (deposit === undefined) return;
	if (how === 'back') {
		fault(stage, `${wordsFor(deposit)} come back`);
		deposits.refund(deposit);
		return;
	}
	if (how === 'less') stage.faults += 1;
	const together = how === 'together' ? waiting.filter((each) => each.destination === deposit.destination) : [deposit];
	advance(stage, together, how === 'less' ? 7n : 0n);
}

/** What was sent over `claiming` is attested first; only then can it be claimed, by anybody. */
export function advance(stage: Stage, chosen: readonly Deposit[], less = 0n): void {
	const { deposits } = stage.outside;
	const isAttested = ({ state }: Deposit) => state === 'attested';
	const travelling = chosen.filter((deposit) => !isAttested(deposit));
	for (const deposit of travelling) if (deposit.state === 'travelling') deposits.price(deposit, less);
	for (const deposit of travelling.filter(({ bridge }) => bridge === 'claiming')) {
		tell(stage, `${wordsFor(deposit)} are attested${less === 0n ? '' : `, less ${less}`}`);
		deposits.attest(deposit);
	}
	const claimed = chosen.filter((deposit) => !travelling.includes(deposit) && !deposits.paused.has(deposit.destination));
	if (claimed.length > 0) tell(stage, `somebody claims ${claimed.map(wordsFor).join(' and ')} for us`);
	const arriving = travelling.filter(({ bridge }) => bridge === 'model');
	if (arriving.length > 0) tell(stage, `${arriving.map(wordsFor).join(' and ')} arrive${less === 0n ? '' : `, less ${less}`}`);
	deposits.fill([...arriving, ...claimed]);
}

function expire(stage: Stage, pick: number): void {
	const attested = stage.outside.deposits.pending().filter(({ state }) => state === 'attested');
	const deposit = attested[pick % Math.max(attested.length, 1)];
	if (deposit === undefined) return;
	fault(stage, `the attestation of ${wordsFor(deposit)} expires`);
	deposit.state = 'expired';
}

const wordsFor = (deposit: Deposit) => `the ${deposit.amount} from ${deposit.origin} to ${deposit.destination}`;

function changeInvoice(stage: Stage, { pick, change, by }: Extract<Event, { kind: 'invoice' }>): void {
	const invoice = stage.outside.invoices[pick % stage.outside.invoices.length];
	if (invoice === undefined) return;
	const { amounts, asked } = invoice;
	const step = BigInt(change === 'rises' ? by : -by);
	if (change === 'rises' || change === 'falls')
		for (const [venue, units] of amounts) amounts.set(venue, units + step > 0n ? units + step : 1n);
	if (change === 'is filled by another') invoice.listed = false;
	if (change === 'is back') invoice.listed = true;
	if (change === 'closes a destination') amounts.delete([...amounts.keys()][pick % Math.max(amounts.size, 1)] ?? '');
	if (change === 'opens its destinations') for (const venue of ['10', '56']) amounts.set(venue, amounts.get(venue) ?? BigInt(40 + by));
	for (const [venue, units] of amounts) asked.add(`${venue} ${units}`);
	tell(stage, `invoice ${invoice.name} ${change}: ${invoice.listed ? wordsOf(amounts) : 'not listed'}`);
}
