import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { amount } from '../../src/money/amount.ts';
import { openStore } from '../../src/store/db.ts';
import { overrideReserve, readReserveOverrides } from '../../src/store/reserves.ts';
import { testDatabase } from '../stack.ts';
import { configFile, ballast as run } from './shell.ts';

const file = configFile();
let databaseUrl: string;
beforeAll(async () => {
	databaseUrl = await testDatabase();
});
afterAll(() => file.remove());

const ballast = (...args: string[]) => run({ DATABASE_URL: databaseUrl, BALLAST_CONFIG: file.path }, ...args);
const WHO = ['--code', 'LARGE_INVOICE', '--reason', 'worth it', '--actor', 'kim'];
const at = (venue: string, asset = 'USDC') => ['--venue', venue, '--asset', asset];

async function inForce(asset = 'USDC') {
	const store = openStore({ databaseUrl, pool: 1 });
	try {
		return await readReserveOverrides(store.db, asset);
	} finally {
		await store.close();
	}
}

describe('ballast reserve', () => {
	it('sets a reserve in token units of its venue, until it is ended, and lists both', async () => {
		const set = await ballast('reserve', 'set', ...at('10'), '--amount', '12.5', ...WHO);
		expect(set).toMatchObject({ code: 0, stdout: 'the reserve of USDC at 10 is 12.5 instead of 2500.5, until it is ended\n' });
		expect((await inForce()).get('USDC@10')).toMatchObject({ amount: 12_500_000n, reasonCode: 'LARGE_INVOICE', actor: 'kim' });
		expect((await ballast('reserve', 'list')).stdout).toBe('USDC at 10: 12.5 until it is ended, by kim, LARGE_INVOICE: worth it\n');
		const status = await ballast('status');
		expect(status.stdout).toContain('reserve of USDC at 10 is 12500000 base units until it is ended, by kim, LARGE_INVOICE: worth it');
		const ended = await ballast('reserve', 'end', ...at('10'), '--code', 'OTHER', '--reason', 'paid', '--actor', 'ada', '--json');
		expect(JSON.parse(ended.stdout)).toEqual({
			...{ venue: '10', asset: 'USDC', reasonCode: 'OTHER', reason: 'paid', actor: 'ada', amount: null, configured: '2500.5' },
		});
		expect((await inForce()).size).toBe(0);
		expect((await ballast('reserve', 'list')).stdout).toBe('no override is in force: every reserve is as configured\n');
		const history = await ballast('reserve', 'list', '--history');
		expect(history.stdout).toMatch(/^\S+Z USDC at 10: ended, by ada, OTHER: paid\n\S+Z USDC at 10: 12.5 until it is ended, by kim, .*\n$/);
		const rows = JSON.parse((await ballast('reserve', 'list', '--history', '--json')).stdout);
		expect(rows.map((row: { amount: string }) => row.amount)).toEqual([null, '12.5']);
	});

	it('sets it for as long as it is told to', async () => {
		const before = Date.now();
		const { stdout } = await ballast('reserve', 'set', ...at('56'), '--amount', '0.000000000000000001', ...WHO, '--for', '2h', '--json');
		const { expiresAt, ...rest } = JSON.parse(stdout);
		const written = { venue: '56', asset: 'USDC', amount: '0.000000000000000001', configured: '0' };
		expect(rest).toEqual({ ...written, reasonCode: 'LARGE_INVOICE', reason: 'worth it', actor: 'kim' });
		const lastsMs = Date.parse(expiresAt) - before;
		expect(lastsMs >= 7_200_000 && lastsMs < 7_260_000).toBe(true);
		expect((await inForce()).get('USDC@56')).toMatchObject({ amount: 1n, expiresAt });
	});

	it('shows an override of a position that is not configured any more in base units, named as such', async () => {
		const store = openStore({ databaseUrl, pool: 1 });
		const who = { reasonCode: 'OTHER', reason: 'old', actor: 'kim', expiresAt: null } as const;
		await overrideReserve(store.db, { venue: '137', asset: 'DAI', amount: amount(7n), ...who });
		await store.close();
		expect((await ballast('reserve', 'list')).stdout).toContain('DAI at 137: 7 base units until it is ended');
	});

	it.each([
		['an unknown asset', [...at('10', 'DOGE'), '--amount', '0', ...WHO], /no asset DOGE; there is USDC, WETH/],
		['a venue that the asset does not have', [...at('10', 'WETH'), '--amount', '0', ...WHO], /WETH has no venue 10; it has 1 \(Ethereum\)/],
		['an amount finer than the decimals', [...at('10'), '--amount', '0.0000001', ...WHO], /--amount "0.0000001" is finer than 6 decimals/],
		['a negative amount', [...at('10'), '--amount=-1', ...WHO], /--amount "-1" is not a decimal number/],
		['no amount', [...at('10'), ...WHO], /--amount/],
		['no code', [...at('10'), '--amount', '0', '--reason', 'x'], /--code/],
		['a strange code', [...at('10'), '--amount', '0', '--code', 'BORED', '--reason', 'x'], /--code.*INCIDENT, LARGE_INVOICE/],
		['an empty reason', [...at('10'), '--amount', '0', '--code', 'OTHER', '--reason', ' '], /--reason/],
		['a strange duration', [...at('10'), '--amount', '0', ...WHO, '--for', '2 weeks'], /--for.*30m, 2h or 7d/],
	])('refuses %s with 2, says what is wrong, and writes nothing', async (_name, args, says) => {
		const before = (await inForce()).get('USDC@10');
		const { code, stdout, stderr } = await ballast('reserve', 'set', ...args);
		expect([code, stdout, stderr]).toEqual([2, '', expect.stringMatching(says)]);
		expect((await inForce()).get('USDC@10')).toEqual(before);
	});

	it('ends nothing where no override is in force, with 1', async () => {
		const { code, stderr } = await ballast('reserve', 'end', ...at('1'), '--code', 'OTHER', '--reason', 'x');
		expect([code, stderr]).toEqual([1, 'no override of the reserve of USDC at 1 is in force\n']);
	});

	it('needs the configuration file, and names it with 2', async () => {
		const args = ['reserve', 'set', ...at('1'), '--amount', '0', ...WHO];
		const { code, stderr } = await run({ DATABASE_URL: databaseUrl, BALLAST_CONFIG: 'nowhere.yaml' }, ...args);
		expect([code, stderr]).toEqual([2, expect.stringContaining('BALLAST_CONFIG: the file nowhere.yaml cannot be read')]);
	});

	it('shows an example with --help', async () => {
		for (const verb of ['set', 'end', 'list']) {
			const { code, stdout } = await ballast('reserve', verb, '--help');
			expect([code, stdout]).toEqual([0, expect.stringContaining(`npm run -s ballast -- reserve ${verb}`)]);
		}
	});
});
