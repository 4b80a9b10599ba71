/** Small batches as a property draws them: few demands, few routes, few units, so that all arrangements can be gone through. */
import fc from 'fast-check';
import { demandOf, type InstanceText, instance, type RouteText, type ViaText } from './instance.ts';

const text = (values: readonly string[]) => fc.constantFrom(...values);
export const VENUES = ['a', 'b', 'y', 'z'];

export const directRoute = fc.record({
	origin: fc.constantFrom('a', 'b', 'y'),
	destination: fc.constantFrom('y', 'z'),
	minimum: text(['0', '0', '0.3', '2', '1.5']),
	maximum: text(['100', '100', '4', '3']),
	step: text(['0.1', '0.1', '1', '0.5', '2', '0.3']),
	fixedFee: text(['0', '0', '0.5', '0.1', '1']),
	feeBps: text(['0', '4', '1000', '333.3', '2500']),
	gasCost: text(['0', '0', '0.2', '1']),
	toleranceBps: text(['10000', '10000', '3000', '1000']),
	seconds: fc.constantFrom(60, 60, 60, 900),
});

/** Routes that little but their names tells apart. */
const alikeRoute = fc.record({
	origin: fc.constantFrom('a', 'b', 'y'),
	destination: fc.constantFrom('y', 'z'),
	maximum: text(['100', '2']),
	step: text(['1']),
	fixedFee: text(['0', '1']),
	feeBps: text(['0']),
	seconds: fc.constantFrom(60),
});

export const demandText = fc.record({
	at: fc.constantFrom(['y'], ['z'], ['y', 'z'], ['z', 'a']),
	units: fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 })),
	enqueuedAt: fc.constantFrom(1, 2, 3),
	maxCost: fc.constantFrom(undefined, undefined, undefined, '0.5', '1.25'),
});

interface Few {
	readonly route: fc.Arbitrary<Omit<RouteText, 'id'>>;
	/** At most, besides one over two of them. */
	readonly routes: number;
	readonly decimals: readonly number[];
}

/** A few demands over a few routes, some of which may be gone over in a row. */
export const few = ({ route, routes: most, decimals }: Few) =>
	fc
		.record({
			decimals: fc.tuple(...VENUES.map(() => fc.constantFrom(...decimals))),
			units: fc.tuple(...VENUES.map(() => fc.integer({ min: 0, max: 7 }))),
			direct: fc.array(route, { minLength: 1, maxLength: most }),
			via: fc.boolean(),
			demands: fc.array(demandText, { minLength: 2, maxLength: 3 }),
			goal: fc.constantFrom('age' as const, 'value' as const),
		})
		.map(({ decimals, units, direct, via, demands, goal }) => {
			const scales = Object.fromEntries(VENUES.map((venue, index) => [venue, decimals[index] ?? 0]));
			const say = (venue: string, whole: number): string => (scales[venue] === 1 ? `${whole / 10}` : `${whole}`);
			const legal = direct.filter((route) => route.origin !== route.destination);
			const routes: (RouteText | ViaText)[] = legal.map((route, index) => ({ ...route, id: `r${(index * 7) % 5}` }));
			const last = legal.findIndex((route) => route.origin === 'y' && route.destination === 'z');
			const first = legal.findIndex((route) => route.destination === 'y');
			const [one, other] = [legal[first], legal[last]];
			if (via && one !== undefined && other !== undefined)
				routes.push({ id: 'r0via', origin: one.origin, destination: 'z', via: [`r${(first * 7) % 5}`, `r${(last * 7) % 5}`] });
			const funds = Object.fromEntries(VENUES.map((venue, index) => [venue, say(venue, units[index] ?? 0)]));
			const description: InstanceText = { decimals: scales, funds, routes };
			const input = instance(description);
			const wanted = demands.map(({ at, units: [one, other], enqueuedAt, maxCost }, index) =>
				demandOf(input, {
					id: `d${index}`,
					enqueuedAt,
					...(maxCost === undefined ? {} : { maxCost }),
					at: Object.fromEntries(at.map((venue, place) => [venue, say(venue, place === 0 ? one : other)])),
				}),
			);
			return { input, demands: wanted, goal };
		});

export const ANY: Few = { route: directRoute, routes: 4, decimals: [0, 0, 1] };
export const ALIKE: Few = { route: alikeRoute, routes: 5, decimals: [0] };
