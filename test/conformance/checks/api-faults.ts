/** The API of a bridge misbehaves while a hop is priced, sent and proven; where there is no API, the node does. */
import assert from 'node:assert/strict';
import type { RpcFault, RpcFaultRule } from '../../../sandbox/chains/rpc-proxy.ts';
import type { ApiFaultRule } from '../../../sandbox/http/api-server.ts';
import { broken, double, lose, nonsense, notFound, tooMany } from '../../../sandbox/http/misbehave.ts';
import type { Quote } from '../../../src/bridge/bridge.ts';
import { BusyError, PermanentError, TransientError } from '../../../src/errors.ts';
import { parseAmount } from '../../../src/money/units.ts';
import type { Check } from '../check.ts';
import { promiseOf, quoted } from '../hop.ts';
import type { Process } from '../process.ts';
import type { Room } from '../room.ts';
import type { Stand } from '../stand.ts';
import { type Bend, disordered, doubled } from '../wire.ts';

interface Fault {
	readonly name: string;
	/** What the API does, one after the other. */
	readonly rules: (stand: Pick<Stand, 'lies'>) => readonly ApiFaultRule[];
	/** What becomes of its answers on their way. */
	readonly bend?: () => Bend;
	/** What the node does of a bridge without an API; null where there is nothing like it. */
	readonly node: RpcFault | null;
	/** How long an answer is waited for that never comes. */
	readonly patienceMs?: number;
}

const RETRY_AFTER_SECONDS = 60;
const LOOKS = 2;
/** A chain that says it is another one is to be stopped for, not waited for. */
const IDENTITY = 'eth_chainId';

const FAULTS: readonly Fault[] = [
	{ name: 'answers 404', rules: () => [notFound], node: 'error' },
	// A client of nodes waits itself for as long as it is told to, so that it is told to come back at once.
	{ name: 'answers 429 with Retry-After', rules: () => [() => tooMany(RETRY_AFTER_SECONDS)], node: { retryAfterSeconds: 0 } },
	{ name: 'answers 500', rules: () => [broken], node: 'error500' },
	{ name: 'does what it is asked and never answers', rules: () => [lose], node: 'timeout-after-accept', patienceMs: 150 },
	{ name: 'answers with nonsense', rules: () => [() => nonsense()], node: { result: 'it works!' } },
	{ name: 'answers in a wrong shape', rules: () => [() => nonsense({ a: [null] }), () => nonsense(null)], node: { result: {} } },
	{ name: 'lies', rules: ({ lies }) => Object.values(lies), node: null },
	{ name: 'says everything twice', rules: () => [double], bend: () => (_, body) => doubled(body), node: null },
	{ name: 'answers in the wrong order', rules: () => [() => undefined], bend: disordered, node: null },
];

export const apiFaults: readonly Check[] = FAULTS.map((fault) => ({
	claim: `nothing fails when an API ${fault.name}`,
	isAbout: (stand) => (stand.api === null ? fault.node !== null : fault.rules(stand).length > 0),
	run: async ({ room }) => endure(await room(), fault),
}));

async function endure(room: Room, fault: Fault): Promise<void> {
	const process = room.enter();
	const honest = await quoted(process, room.stand, parseAmount(room.stand.amount, room.ends.origin.decimals));
	// The same from beginning to end: what was said before may still be on its way.
	const bent = fault.bend?.() ?? null;
	const under = (work: () => Promise<void>) => underEach(room, { ...fault, bent }, work);
	await under(() => expectHonestQuote(room, process, honest));
	await room.begin();
	room.hold();
	await under(() => expectNoHarm(room, process));
	await room.goTo('prove', process);
	await under(() => expectNoHarm(room, process));
	await room.release();
	await under(() => expectNoHarm(room, process));
	await room.goTo(null, process);
	await room.expectDelivered();
}

/** Does the work once under each of the fault's misbehaviours. */
async function underEach(
	{ stand: { api, ...stand }, world, wire }: Room,
	{ rules, bent, node, patienceMs }: Fault & { readonly bent: Bend | null },
	work: () => Promise<void>,
): Promise<void> {
	wire.patienceMs = patienceMs ?? null;
	if (api === null) {
		const misbehave: RpcFaultRule = (method) => (node === null || method === IDENTITY ? 'pass' : node);
		for (const { proxy } of world.chains.values()) proxy.fault = misbehave;
		await work();
		for (const { proxy } of world.chains.values()) proxy.fault = () => 'pass';
	} else {
		for (const rule of rules(stand)) {
			api.fault = rule;
			wire.bend = bent === null ? null : (url, body) => (url.startsWith(api.url) ? bent(url, body) : body);
			await work();
		}
		api.fault = () => undefined;
		wire.bend = null;
	}
	wire.patienceMs = null;
}

/** No price at all, or one that holds. */
async function expectHonestQuote({ stand, ends, pass }: Room, process: Process, honest: Quote): Promise<void> {
	const send = parseAmount(stand.amount, ends.origin.decimals);
	try {
		const promised = promiseOf(await quoted(process, stand, send), send, ends);
		assert.ok(promised <= honest.receive, `${promised} is promised, and ${honest.receive} can be kept`);
	} catch (error) {
		assert.ok(error instanceof TransientError || error instanceof PermanentError, `quoting throws ${String(error)}`);
		if (error instanceof BusyError) await pass(error.retryAfterMs);
	}
}

/** Whatever is tried meanwhile: the leg goes on or waits. */
async function expectNoHarm(room: Room, process: Process): Promise<void> {
	for (let looks = 0; looks < LOOKS; looks += 1) {
		await room.step(process);
		const { status, reason } = await room.leg();
		assert.ok(status !== 'failed' && status !== 'cancelled' && status !== 'returned', `the leg is ${status} (${reason})`);
	}
}
