/** Faults of bridges: what their APIs show of proofs, and who else acts on them. */
import type { ApiFault, ApiFaultRule } from '../../../sandbox/http/api-server.ts';
import { firstOf, notFound, times, when } from '../../../sandbox/http/misbehave.ts';
import type { Game } from './faults.ts';

const LOOK_EVERY_MS = 100;
const ACROSS_LOOKS = 4;
const IRIS_LOOKS = 6;
/** So often a look has to meet the fault. */
const LEAST_TIMES = 2;
const FILL = /\/deposit\/status/;
const MESSAGES = /\/v2\/messages/;

interface Shown {
	readonly message: string;
	readonly attestation: string | null;
	readonly status: string;
}
interface ShownFill {
	readonly status: string;
	readonly fillTx: string | null;
	readonly fillTxnRef: string | null;
}

/** What a bridge does not know yet is no proof that nothing was sent. */
export function loseProofs(game: Game): void {
	onProofs(game, {
		fills: times(ACROSS_LOOKS, when('GET', FILL, notFound())),
		messages: times(IRIS_LOOKS, when('GET', MESSAGES, notFound())),
	});
}

/** Nothing is ever proven, for as long as faults go on. */
export function keepPending(game: Game): void {
	onProofs(game, {
		fills: changed(FILL, (fill: ShownFill) => ({ ...fill, status: 'pending', fillTx: null, fillTxnRef: null })),
		messages: changed(MESSAGES, ({ messages }: { messages: Shown[] }) => ({
			messages: messages.map((each) => ({ ...each, message: '0x', attestation: 'PENDING', status: 'pending_confirmations' })),
		})),
	});
}

/** Some looks show a signature of something else, others a message of other bytes, and a fill in a transaction that is none. */
export function spoilProofs(game: Game): void {
	let looks = 0;
	onProofs(game, {
		fills: times(
			ACROSS_LOOKS,
			changed(FILL, (fill: ShownFill) => ({ ...fill, ...hintOf(fill, flipped(fill.fillTx)) })),
		),
		messages: times(
			IRIS_LOOKS,
			changed(MESSAGES, ({ messages }: { messages: Shown[] }) => {
				looks += 1;
				return { messages: messages.map((each) => (looks % 2 === 1 ? signedWrongly(each) : { ...each, message: flipped(each.message) })) };
			}),
		),
	});
}

/** What belongs to others stands before what is ours: messages of other transfers, one that was never sent, and somebody else's fill. */
export function mixProofs(game: Game): void {
	const seen = new Map<string, Shown>();
	let lastFill: string | null = null;
	onProofs(game, {
		fills: changed(FILL, (fill: ShownFill) => {
			const others = lastFill;
			lastFill = fill.fillTx ?? lastFill;
			return others === null ? fill : { ...fill, ...hintOf(fill, others) };
		}),
		messages: changed(MESSAGES, ({ messages }: { messages: Shown[] }) => {
			const others = [...seen.values()].filter(({ message }) => messages.every((own) => own.message !== message));
			for (const each of messages) if (each.message !== '0x') seen.set(each.message, each);
			const neverSent = messages.map((each) => ({ ...each, message: flipped(each.message) }));
			return { messages: [...neverSent, ...others.reverse(), ...messages] };
		}),
	});
}

/** Fast messages are too old as soon as they are signed. */
export function expireProofs({ world: { cctp }, undo, met }: Game): void {
	const { expireAfterBlocks } = cctp.iris;
	cctp.iris.expireAfterBlocks = 1;
	met.push(() => [...cctp.iris.burns.values()].some(({ attested }) => attested !== null));
	undo.push(() => {
		cctp.iris.expireAfterBlocks = expireAfterBlocks;
	});
}

/** Somebody claims every message of CCTP before we hear of it. */
export function claimBeforeUs({ world, undo }: Game): void {
	const { iris } = world.cctp;
	const stolen = new Set<unknown>();
	let isOver = false;
	world.cctp.fault = ({ path }) => {
		const isHidden = MESSAGES.test(path) && (iris.burns.size === 0 || [...iris.burns.keys()].some((key) => !stolen.has(key)));
		return isHidden ? { status: 404, body: { message: 'not there yet' } } : undefined;
	};
	const stealing = (async () => {
		while (!isOver) {
			for (const [key, burn] of iris.burns) {
				if (burn.attested === null || stolen.has(key)) continue;
				// Whoever comes second is refused by the contract, and then it is minted all the same.
				await world.cctp.mintFor(burn).catch(() => {});
				stolen.add(key);
			}
			await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
		}
	})();
	undo.push(async () => {
		isOver = true;
		await stealing;
	});
}

function onProofs({ world, met }: Game, { fills, messages }: { fills: ApiFaultRule; messages: ApiFaultRule }): void {
	let times = 0;
	const counted =
		(rule: ApiFaultRule): ApiFaultRule =>
		(request) => {
			const fault = rule(request);
			if (fault !== undefined) times += 1;
			return fault;
		};
	world.across.fault = firstOf(counted(fills), world.across.fault);
	world.cctp.fault = firstOf(counted(messages), world.cctp.fault);
	met.push(() => times >= LEAST_TIMES);
}

function changed<Body>(path: RegExp, change: (body: Body) => unknown): ApiFaultRule {
	const fault: ApiFault = { change: (body) => change(body as Body) };
	return when('GET', path, fault);
}

const hintOf = ({ status }: ShownFill, tx: string | null) => (tx === null ? { status } : { status: 'filled', fillTx: tx, fillTxnRef: tx });

function signedWrongly(shown: Shown): Shown {
	const { attestation } = shown;
	return { ...shown, attestation: attestation?.startsWith('0x') ? flipped(attestation) : attestation };
}

/** The last bit is another one; what is no bytes stays as it is. */
function flipped<Text extends string | null>(hex: Text): Text {
	if (hex === null || hex.length < 4) return hex;
	return `${hex.slice(0, -1)}${(Number.parseInt(hex.slice(-1), 16) ^ 1).toString(16)}` as Text;
}
