import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Corner, cornersOf, stairsOf } from '../../src/plan/one/hull.ts';
import { arrivalOf, type Path, pathSendUpTo, pathsOf, RELAXED_BITS } from '../../src/plan/one/path.ts';
import { instance } from './instance.ts';

const path = fc
	.record({
		decimals: fc.constantFrom([0, 0], [2, 0], [1, 2], [2, 1]),
		step: fc.constantFrom('0.01', '0.3', '1', '2'),
		fixedFee: fc.constantFrom('0', '0.03', '1', '2.5'),
		feeBps: fc.constantFrom('0', '4', '333.3', '2500'),
		toleranceBps: fc.constantFrom('10000', '2600', '3000'),
	})
	.map(({ decimals: [from = 0, to = 0], ...terms }) => {
		const route = { id: 'r', origin: 'A', destination: 'Z', ...terms };
		const { decimals, routes } = instance({ decimals: { A: from, Z: to }, funds: {}, routes: [route] });
		return pathsOf(routes, decimals)[0] ?? null;
	});

/** Two legal sends, the second no smaller than the first; null when there are none. */
function endsOf(path: Path, first: bigint, second: bigint): readonly [bigint, bigint] | null {
	const ends = [pathSendUpTo(path, first), pathSendUpTo(path, first + second)] as const;
	return ends[0] === null || ends[1] === null ? null : [ends[0], ends[1]];
}

function legalSends(path: Path, [low, high]: readonly [bigint, bigint]): readonly bigint[] {
	const sends: bigint[] = [];
	for (let send: bigint | null = high; send !== null && send >= low; send = pathSendUpTo(path, send - 1n)) sends.unshift(send);
	return sends;
}

/** Whether what arrives of a send lies on or below the corners; behind the last one nothing more arrives. */
function isCovered(corners: readonly Corner[], { send, arrival }: Corner): boolean {
	const next = corners.findIndex((corner) => corner.send >= send);
	const to = corners[next];
	const from = corners[next - 1];
	if (to === undefined || to.send === send) return arrival <= (to ?? corners.at(-1) ?? { arrival: -1n }).arrival;
	return from !== undefined && (arrival - from.arrival) * (to.send - from.send) <= (to.arrival - from.arrival) * (send - from.send);
}

function cornerAt(path: Path, send: bigint): Corner {
	return { send, arrival: arrivalOf(path, send) << RELAXED_BITS };
}

describe('the corners of what a path delivers', () => {
	it.each([
		['all of its stairs are known', { span: 600n, knows: 'all', numRuns: 300 }],
		['the stairs that are looked at from both ends meet', { span: 90n, knows: 'many', numRuns: 500 }],
		['only the stairs at both ends are looked at', { span: 60_000n, knows: 'many', numRuns: 40 }],
	] as const)('lie above every send, and are delivered at both ends, where %s', (_, { span, knows, numRuns }) => {
		fc.assert(
			fc.property(path, fc.bigInt(0n, 400n), fc.bigInt(0n, span), (path, first, second) => {
				const ends = path && endsOf(path, first, second);
				if (path === null || ends === null) return;
				const [low, high] = ends;
				const corners = cornersOf(path, knows === 'all' ? stairsOf(path, path.leastSend ?? low, high) : 'many', ends);
				expect(corners[0]).toEqual(cornerAt(path, low));
				expect(corners.at(-1)?.arrival).toBe(cornerAt(path, high).arrival);
				expect(legalSends(path, ends).filter((send) => !isCovered(corners, cornerAt(path, send)))).toEqual([]);
			}),
			{ numRuns },
		);
	});

	it('bring no more than the stairs do: of three stairs in a line, the one between is no corner', () => {
		const { decimals, routes } = instance({
			decimals: { A: 0, Z: 0 },
			funds: {},
			routes: [{ id: 'r', origin: 'A', destination: 'Z', feeBps: '3333', minimum: '2' }],
		});
		const [path] = pathsOf(routes, decimals);
		if (path === undefined) throw new Error('there is no path');
		expect(stairsOf(path, 2n, 9n)).toEqual([
			{ send: 2n, arrival: 1n },
			{ send: 3n, arrival: 2n },
			{ send: 5n, arrival: 3n },
			{ send: 6n, arrival: 4n },
			{ send: 8n, arrival: 5n },
			{ send: 9n, arrival: 6n },
		]);
		expect(cornersOf(path, stairsOf(path, 2n, 9n), [2n, 9n]).map(({ send }) => send)).toEqual([2n, 3n, 9n]);
	});
});
