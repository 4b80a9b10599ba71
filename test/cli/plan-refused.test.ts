import { describe, expect, it } from 'vitest';
import { planned, route, snapshot, spoilt } from './plan-snapshot.ts';

/** What is wrong, with the path that has to be named when it is not the place itself. */
type Case = readonly [what: string, place: string, value: unknown, path?: string];

const DIGITS_78 = '9'.repeat(78);

const KEYS: readonly Case[] = [
	...['assets', 'inventory', 'routes', 'demands'].map((key): Case => [`no ${key}`, key, undefined]),
	...['venue', 'asset', 'confirmed', 'reserve', 'held'].map((key): Case => [`no ${key}`, `inventory[0].${key}`, undefined]),
	...Object.keys(route('', '', '')).map((key): Case => [`no ${key}`, `routes[1].${key}`, undefined]),
	...['id', 'origin', 'destination', 'asset', 'bridge'].map((key): Case => [`no ${key}`, `routes[2].${key}`, undefined]),
	...['id', 'asset', 'enqueuedAt', 'destinations'].map((key): Case => [`no ${key}`, `demands[1].${key}`, undefined]),
	...['venue', 'amount'].map((key): Case => [`no ${key}`, `demands[1].destinations[1].${key}`, undefined]),
	...['', 'inventory[1].', 'routes[0].', 'demands[0].', 'demands[1].destinations[0].', 'objective.'].map(
		(at): Case => [...['an unknown key', `${at}surplus`, 1]] as unknown as Case,
	),
	['a limit on a route with via', 'routes[2].minimum', '1'],
	['a toAsset on a route with via', 'routes[2].toAsset', 'USDT'],
	['an unknown key named constructor', 'routes[0].constructor', 'x'],
	['a known key beside assets', 'toString', 1],
];

const FORMS: readonly Case[] = [
	...['assets', 'assets.USDC', 'inventory[0]', 'routes[0]', 'demands[0]', 'demands[1].destinations[1]', 'objective'].flatMap((place) =>
		[null, [], 'x', 7].map((value): Case => [`${JSON.stringify(value)} for an object`, place, value]),
	),
	...['inventory', 'routes', 'demands', 'demands[0].destinations', 'routes[2].via'].flatMap((place) =>
		[null, {}, 'x', 7].map((value): Case => [`${JSON.stringify(value)} for a list`, place, value]),
	),
	...['inventory[0].venue', 'inventory[0].asset', 'routes[0].id', 'routes[0].origin', 'routes[0].destination', 'routes[0].bridge'].map(
		(place): Case => ['a number for text', place, 1],
	),
	...[
		'demands[0].id',
		'demands[0].asset',
		'demands[0].destinations[0].venue',
		'objective.goal',
		'routes[2].via[0]',
		'routes[3].toAsset',
	].map((place): Case => ['null for text', place, null]),
	...['', ' 1', '1 ', '+1', '-1', '-0', '1e3', '01', '00', '1.', '.5', '1,5', '1_000', '0x1', 'NaN', '١', '1.5.5', `${DIGITS_78}0`].map(
		(text): Case => [`"${text}" for an amount`, 'routes[0].fixedFee', text],
	),
	...[1, 0, null, true, ['1'], { a: 1 }].map((value): Case => [`${JSON.stringify(value)} for an amount`, 'demands[0].maxCost', value]),
	...['minimum', 'maximum', 'step', 'fixedFee', 'feeBps', 'gasCost', 'toleranceBps'].map(
		(key): Case => [...['78 decimals', `routes[0].${key}`, `0.${'1'.repeat(78)}`]] as unknown as Case,
	),
	['an endless number', 'routes[0].step', '1'.repeat(1_000_000)],
	['an endless fraction', 'inventory[0].held', `0.${'0'.repeat(1_000_000)}`],
	...['confirmed', 'reserve', 'held', 'inbound'].map((key): Case => ['7 decimals where 6 are known', `inventory[0].${key}`, '0.0000001']),
	['19 decimals where 18 are known', 'demands[1].destinations[1].amount', `1.${'0'.repeat(18)}1`],
	...['assets.USDC.10', 'routes[0].seconds', 'demands[0].enqueuedAt', 'objective.fastWindowSeconds', 'objective.budgetMs'].flatMap(
		(place) =>
			[-1, 1.5, 2 ** 53, 1e300, '6', null, true, [6]].map((value): Case => [`${JSON.stringify(value)} for a whole number`, place, value]),
	),
	['78 decimals of an asset', 'assets.USDC.10', 78],
];

const MEANING: readonly Case[] = [
	['an unknown asset', 'inventory[0].asset', 'EURC'],
	['an asset of Object', 'inventory[0].asset', 'constructor'],
	['an unknown venue', 'inventory[0].venue', '7'],
	['a venue of another asset', 'inventory[1].asset', 'USDT', 'inventory[1].venue'],
	['a position twice', 'inventory[1].venue', '1'],
	['an unknown asset of a route', 'routes[0].asset', 'EURC'],
	['an unknown asset on arrival', 'routes[3].toAsset', '__proto__'],
	['an unknown origin', 'routes[0].origin', 'toString'],
	['an unknown destination', 'routes[0].destination', '7'],
	['a destination that the asset on arrival does not have', 'routes[3].destination', '10'],
	['the id of an earlier route', 'routes[1].id', 'across-1-10'],
	['the id of an earlier route, with via', 'routes[2].id', 'across-1-10'],
	['an empty id of a route', 'routes[0].id', ''],
	['a step of zero', 'routes[0].step', '0'],
	['a step of zero in decimals', 'routes[0].step', '0.000'],
	['a fee above everything', 'routes[0].feeBps', '10000.0000001'],
	['a minimum above the maximum', 'routes[0].minimum', '100000.00000001'],
	['a route to its origin', 'routes[0].destination', '1'],
	['a swap into the same asset', 'routes[3].toAsset', 'USDC', 'routes[3].destination'],
	['an unknown asset of a demand', 'demands[0].asset', 'EURC'],
	['an unknown destination of a demand', 'demands[0].destinations[0].venue', '7'],
	['a destination twice', 'demands[1].destinations[1].venue', '10'],
	['no destination', 'demands[0].destinations', []],
	['an amount of zero', 'demands[0].destinations[0].amount', '0'],
	['an amount of zero in decimals', 'demands[0].destinations[0].amount', '0.00'],
	['the id of an earlier demand', 'demands[1].id', 'inv-1'],
	['an empty id of a demand', 'demands[1].id', ''],
	['another goal', 'objective.goal', 'profit'],
	['a goal in capitals', 'objective.goal', 'AGE'],
];

const VIA: readonly Case[] = [
	['no hop', 'routes[2].via', []],
	['one hop', 'routes[2].via', ['across-1-10']],
	['an unknown hop', 'routes[2].via[1]', 'across-10-8453'],
	['a hop named constructor', 'routes[2].via[0]', 'constructor'],
	['a hop with via', 'routes[2].via[1]', 'over-10'],
	['the same hop twice', 'routes[2].via', ['across-1-10', 'across-1-10'], 'routes[2].via[1]'],
	['hops in the wrong order', 'routes[2].via', ['across-10-56', 'across-1-10'], 'routes[2].origin'],
	['a hop in another asset', 'routes[2].via', ['swap-1', 'across-1-10'], 'routes[2].via[1]'],
	['another origin than its first hop', 'routes[2].origin', '10'],
	['another asset than its first hop', 'routes[2].asset', 'USDT'],
	['another destination than its last hop', 'routes[2].destination', '10'],
];

describe('ballast plan refuses with 2, and names the place of', () => {
	it.each([...KEYS, ...FORMS, ...MEANING, ...VIA].map((each) => [`${each[0]} at ${each[1]}`.slice(0, 100), each] as const))(
		'%s',
		async (_, [, place, value, path = place]) => {
			const { code, stdout, stderr } = await planned(spoilt(place, value), '--json');
			const line: unknown = JSON.parse(stderr);
			expect([code, stdout, line]).toEqual([2, '', { error: expect.stringMatching(/./), path }]);
			expect(stderr.endsWith('}\n') && stderr.split('\n').length === 2).toBe(true);
		},
	);

	it('funds that come back to where they have been, though no hop is named twice', async () => {
		const document = snapshot();
		const back = { ...route('across-10-1', '10', '1') };
		const via = ['across-1-10', 'across-10-1', 'across-1-56'];
		const routes = [...document.routes, back, route('across-1-56', '1', '56')].map((each) => ('via' in each ? { ...each, via } : each));
		const { code, stderr } = await planned(JSON.stringify({ ...document, routes }), '--json');
		expect([code, JSON.parse(stderr)]).toMatchObject([2, { path: 'routes[2].via[1]' }]);
	});

	it('the first thing that is wrong, in the order of the contract, and not of the file', async () => {
		const { routes, ...rest } = snapshot();
		const spoiltRoutes = routes.map((each, index) => (index === 3 ? { ...each, step: '0', bridge: 7 } : each));
		const first = { ...rest.demands[0], id: '' };
		const text = JSON.stringify({ demands: [first], routes: spoiltRoutes, ...{ assets: rest.assets, inventory: rest.inventory } });
		expect(JSON.parse((await planned(text)).stderr)).toMatchObject({ path: 'routes[3].bridge' });
	});
});

describe('ballast plan refuses a number that is not in plain digits', () => {
	const NUMBERS = ['1.0', '60.5', '1e3', '1E3', '6e-1', '-0', '-60', '0.0', '9007199254740992', '9007199254740993', '1e400'];
	it.each(NUMBERS)('%s', async (literal) => {
		// The same characters in text are text, also behind an escaped quote.
		const text = spoilt('demands[1].id', 'a "1.0\\" -0').replace('"seconds":60', `"seconds": ${literal}`);
		const { code, stdout, stderr } = await planned(text, '--json');
		expect([code, stdout, JSON.parse(stderr)]).toMatchObject([2, '', { path: 'routes[0].seconds' }]);
	});

	it('wherever it stands', async () => {
		for (const [from, to, path] of [
			['"10":6', '"10":6.0', 'assets.USDC.10'],
			['"budgetMs":500', '"budgetMs":-0', 'objective.budgetMs'],
			['"objective":{', '"objective":-0,"_":{', 'objective'],
			['"destinations":[', '"destinations":-0,"_":[', 'demands[0].destinations'],
			['"venue":"1"', '"venue":-0', 'inventory[0].venue'],
		] as const) {
			const { stderr } = await planned(
				JSON.stringify(snapshot())
					.replace(from, to)
					.replace(/,"_":(\{[^}]*\}|\[[^\]]*\])/, ''),
				'--json',
			);
			expect(JSON.parse(stderr)).toMatchObject({ path });
		}
	});
});

const WHOLE: readonly (readonly [what: string, bytes: string | Uint8Array])[] = [
	['nothing', ''],
	['half a file', JSON.stringify(snapshot()).slice(0, -1)],
	['two documents', '{}{}'],
	['a leading zero', JSON.stringify(snapshot()).replace('"seconds":60', '"seconds":060')],
	['a comment', '{} // nothing'],
	['a byte order mark', `\uFEFF${JSON.stringify(snapshot())}`],
	['bytes that are not UTF-8', Buffer.from(JSON.stringify(snapshot()).replace('inv-1', 'inv-é'), 'latin1')],
	['UTF-16', Buffer.from(JSON.stringify(snapshot()), 'utf16le')],
	...['null', '[]', '7', '-0', '"x"', 'true'].map((text) => [text, text] as const),
	['a million open brackets', '['.repeat(1_000_000)],
	['a million brackets', '['.repeat(1_000_000) + ']'.repeat(1_000_000)],
];

describe('ballast plan refuses as a whole', () => {
	it.each(WHOLE)('%s', async (_, bytes) => {
		const { code, stdout, stderr } = await planned(bytes, '--json');
		expect([code, stdout, JSON.parse(stderr)]).toEqual([2, '', { error: expect.stringMatching(/^is not /), path: '$' }]);
	});

	it('a file of one byte more than 64 MiB, and not one of 64 MiB', async () => {
		const text = Buffer.from(JSON.stringify(snapshot()));
		const full = Buffer.alloc(64 * 1_024 * 1_024, ' ');
		text.copy(full);
		expect(await planned(full, '--json')).toMatchObject({ code: 0, stderr: '' });
		const { code, stdout, stderr } = await planned(Buffer.concat([full, Buffer.from(' ')]), '--json');
		expect([code, stdout, JSON.parse(stderr)]).toEqual([2, '', { error: 'is larger than 67108864 bytes', path: '$' }]);
	});

	it('at the key, and without a crash, nesting inside of the file', async () => {
		const deep = `${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}`;
		const text = JSON.stringify(snapshot()).replace('"budgetMs":500', `"budgetMs":${deep}`);
		expect(JSON.parse((await planned(text)).stderr)).toMatchObject({ path: 'objective.budgetMs' });
	});
});
