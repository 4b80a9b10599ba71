/** What must hold of the rows among themselves: after every event, and when nothing moves any more. Each question finds what is wrong, in words. */
import { NOT_ENOUGH } from './chain.ts';
import type { EarmarkRow, EffectRow, HopRow, LegRow, Memory } from './store/memory.ts';

const LEG_OPEN: readonly string[] = ['planned', 'sending', 'in_flight'];
const EARMARK_OPEN: readonly string[] = ['planned', 'moving', 'settling', 'compensating'];
const EFFECT_OVER: readonly string[] = ['confirmed', 'reverted', 'cancelled', 'dropped'];

/** What the statuses of a leg's hops may be, in order, by the leg's own. */
const STAGES: Readonly<Record<string, RegExp>> = {
	planned: /^(planned,)+$/,
	sending: /^sending,(planned,)*$/,
	in_flight: /^(in_flight|(delivered,)+(planned|sending|in_flight)),(planned,)*$/,
	delivered: /^(delivered,)+$/,
	returned: /^((delivered,)*returned|(delivered,)+(cancelled|failed)),(cancelled,)*$/,
	failed: /^failed,(cancelled,)*$/,
	cancelled: /^(cancelled,)+$/,
};

export function alwaysOfRows(memory: Memory): string[] {
	return [
		...memory.earmarks.flatMap((earmark) => ofEarmark(memory, earmark)),
		...memory.demands.flatMap((demand) => ofDemand(memory, demand)),
		...memory.legs.flatMap((leg) => ofLeg(memory, leg)),
		...memory.hops.flatMap((hop) => ofHop(memory, hop)),
		...ofHolds(memory),
		...memory.effects.flatMap((effect) => ofEffect(memory, effect)),
		...ofPostings(memory),
	];
}

export function restOfRows(memory: Memory): string[] {
	return [
		...memory.earmarks.filter(isOpen).map(({ status }) => `rest: an earmark is still ${status}`),
		...memory.holds
			.filter(({ state }) => state !== 'released')
			.map(({ amount, venue, state }) => `rest: ${amount} at ${venue} are still held, ${state}`),
		...memory.effects
			.filter(({ status }) => !EFFECT_OVER.includes(status))
			.map(({ kind, ownerKind, status }) => `rest: ${kind} of ${ownerKind} is still ${status}`),
		...memory.lanes.flatMap(({ venue, next }) =>
			Array.from({ length: Number(next) }, (_, nonce) => nonce).flatMap((nonce) => {
				const owners = memory.effects.filter((each) => each.venue === venue && each.nonce === BigInt(nonce)).length;
				return owners === 1 ? [] : [`lane: nonce ${nonce} of ${venue} has ${owners} effects`];
			}),
		),
	];
}

const isOpen = ({ status }: EarmarkRow) => EARMARK_OPEN.includes(status);
const legsOf = (memory: Memory, earmark: EarmarkRow) => memory.legs.filter(({ earmarkId }) => earmarkId === earmark.id);

function ofEarmark(memory: Memory, earmark: EarmarkRow): string[] {
	const { id, status } = earmark;
	const legs = legsOf(memory, earmark);
	const over = !isOpen(earmark);
	const held = memory.holds.filter((hold) => hold.earmarkId === id && hold.state !== 'released' && hold.state !== 'pending_out');
	const isBooked = memory.ledger.some((entry) => entry.earmarkId === id && entry.event === 'purchased');
	const open = legs.filter((leg) => LEG_OPEN.includes(leg.status));
	return [
		...(over ? open.map((leg) => `ended: an earmark is ${status} and has a leg that is ${leg.status}`) : []),
		...(over ? held.map((hold) => `ended: an earmark is ${status} and holds ${hold.amount} at ${hold.venue}, ${hold.state}`) : []),
		...(status === 'settling' ? open.map((leg) => `settling: a leg of the earmark is ${leg.status}`) : []),
		...(status === 'planned' && legs.some((leg) => leg.status !== 'planned' && leg.status !== 'cancelled')
			? ['planned: a leg of the earmark is under way']
			: []),
		...((status === 'settled') === isBooked ? [] : [`books: ${status} earmark and its posting do not agree`]),
	];
}

function ofDemand(memory: Memory, { id, status }: Memory['demands'][number]): string[] {
	const earmarks = memory.earmarks.filter((earmark) => earmark.demandId === id);
	const active = earmarks.filter(isOpen).length;
	const owed = memory.receivables.filter(({ earmarkId }) => earmarks.some((earmark) => earmark.id === earmarkId)).length;
	return [
		...(active === (status === 'earmarked' ? 1 : 0) ? [] : [`demand: it is ${status} and has ${active} active earmarks`]),
		...(owed === (status === 'settled' ? 1 : 0) ? [] : [`purchase: a demand is ${status} and has ${owed} receivables`]),
	];
}

/** The present hop of a leg is the first that has not ended; what it sends is held for it. */
function ofLeg(memory: Memory, leg: LegRow): string[] {
	const hops = memory.hops.filter(({ legId }) => legId === leg.id);
	const stages = hops.map(({ status }) => `${status},`).join('');
	const present = hops.find(({ status }) => status !== 'delivered');
	const held = memory.holds
		.filter(
			({ legId, venue, state }) => legId === leg.id && venue === present?.origin && (state === 'confirmed' || state === 'pending_out'),
		)
		.reduce((sum, { amount }) => sum + amount, 0n);
	const isParked = present !== undefined && (present.status === 'planned' || present.status === 'sending');
	const destination = memory.earmarks.find(({ id }) => id === leg.earmarkId)?.venue;
	const left = memory.holds.filter(
		({ legId, state, venue }) => legId === leg.id && (state === 'inbound' || state === 'confirmed') && venue !== destination,
	);
	return [
		...(STAGES[leg.status]?.test(stages) === true ? [] : [`hops: they are ${stages} and their leg is ${leg.status}`]),
		...(isParked && held !== present.send
			? [`parked: a hop is to send ${present.send} from ${present.origin}, and ${held} are held for it there`]
			: []),
		...(LEG_OPEN.includes(leg.status)
			? []
			: left.map(({ amount, venue }) => `parked: ${amount} are held at ${venue} for a leg that is ${leg.status}`)),
	];
}

function ofHop(memory: Memory, { legId, status, origin, destination, delivered }: HopRow): string[] {
	const ofLegAt = (venue: string, states: readonly string[]) =>
		memory.holds.filter((hold) => hold.legId === legId && hold.venue === venue && states.includes(hold.state));
	if (LEG_OPEN.includes(status)) {
		const awaiting = ofLegAt(destination, ['inbound']).length;
		if (awaiting !== 1) return [`inbound: a hop to ${destination} is ${status}, and ${awaiting} holds await it`];
	}
	if (status !== 'in_flight' && status !== 'delivered' && status !== 'returned') return [];
	const kept = ofLegAt(destination, ['confirmed', 'pending_out']).reduce((sum, { amount }) => sum + amount, 0n);
	if (status === 'delivered' && kept > (delivered ?? 0n))
		return [`delivered: ${kept} are held at ${destination} of a hop that has delivered ${delivered}`];
	return ofLegAt(origin, ['inbound', 'confirmed']).map(
		({ amount, state }) => `parked: ${amount} have left ${origin} with a hop that is ${status}, and are held there, ${state}`,
	);
}

function ofHolds(memory: Memory): string[] {
	const brings = (legId: string | null, venue: string, amount: bigint) =>
		memory.hops.some((hop) => hop.legId === legId && hop.destination === venue && LEG_OPEN.includes(hop.status) && amount <= hop.receive);
	return memory.holds
		.filter(({ state, legId, venue, amount }) => state === 'inbound' && !brings(legId, venue, amount))
		.map(({ amount, venue }) => `inbound: ${amount} are awaited at ${venue}, and no hop under way brings them`);
}

function ofEffect(memory: Memory, effect: EffectRow): string[] {
	const { kind, ownerKind, ownerId, hop, status, nonce, reason, refusals, spendAmount } = effect;
	const isSame = (other: EffectRow) =>
		other !== effect && other.kind === kind && other.ownerKind === ownerKind && other.ownerId === ownerId && other.hop === hop;
	const mayHaveLeft = (each: EffectRow) => each.nonce !== null && each.status !== 'reverted' && each.status !== 'cancelled';
	const moves = kind === 'send' || kind === 'claim' || kind === 'purchase';
	const isStored = () => memory.attempts.some((attempt) => attempt.effectId === effect.id && attempt.hash === effect.minedHash);
	const claiming = kind === 'claim' && (status === 'reserved' || status === 'signed' || status === 'tracking');
	return [
		...(refusals > 0 && reason?.includes(NOT_ENOUGH) === true ? [`spent: a ${kind} was refused: ${reason}`] : []),
		...(moves && mayHaveLeft(effect) && memory.effects.some((other) => isSame(other) && mayHaveLeft(other))
			? [`effect: two of one act may have left: ${kind} of ${ownerKind} ${ownerId}`]
			: []),
		...((spendAmount === null) === (kind === 'claim') ? [] : [`effect: ${kind} names ${spendAmount ?? 'no allowance'}`]),
		...(claiming ? unlessInFlight(memory, effect) : []),
		...(effect.minedHash === null || isStored() ? [] : [`effect: ${kind} was mined in ${effect.minedHash}, which was never stored`]),
		...(nonce !== null && memory.effects.some((other) => other !== effect && other.venue === effect.venue && other.nonce === nonce)
			? [`lane: nonce ${nonce} of ${effect.venue} has two owners`]
			: []),
	];
}

function unlessInFlight(memory: Memory, { ownerId, hop, status, nonce }: EffectRow): string[] {
	const present = memory.hops.find((each) => each.legId === ownerId && each.index === hop);
	return present?.status === 'in_flight' ? [] : [`claim: it is ${status} with nonce ${nonce}, and its hop is ${present?.status}`];
}

const POSTED: readonly (readonly [string, readonly string[]])[] = [
	['sent', ['in_flight', 'delivered', 'returned']],
	['delivered', ['delivered']],
	['returned', ['returned']],
];

/** Every event of a leg's hops is posted as often as it has happened. */
function ofPostings(memory: Memory): string[] {
	return memory.legs.flatMap((leg) =>
		POSTED.flatMap(([event, stages]) => {
			const entries = memory.ledger.filter((entry) => entry.legId === leg.id && entry.event === event);
			const posted = new Set(entries.map((entry) => entry.posting)).size;
			const happened = memory.hops.filter((hop) => hop.legId === leg.id && stages.includes(hop.status)).length;
			return posted === happened ? [] : [`books: ${event} is posted ${posted} times for a leg of which ${happened} hops have`];
		}),
	);
}
