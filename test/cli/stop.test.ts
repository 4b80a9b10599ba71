import { beforeAll, describe, expect, it } from 'vitest';
import { testDatabase } from '../stack.ts';
import { ballast as run, spawned } from './shell.ts';

let databaseUrl: string;
beforeAll(async () => {
	databaseUrl = await testDatabase();
});

const ballast = (...args: string[]) => run({ DATABASE_URL: databaseUrl }, ...args);

describe('ballast pause and resume', () => {
	it('keep who, when and why, and status shows it', async () => {
		expect(await ballast('pause', '--reason', 'drill', '--actor', 'kim', '--json')).toMatchObject({
			code: 0,
			stdout: '{"stopped":true,"actor":"kim","reason":"drill"}\n',
		});
		const { stdout } = await ballast('status', '--json');
		expect(JSON.parse(stdout)).toMatchObject({ stop: { stopped: true, actor: 'kim', reason: 'drill' }, demands: [], earmarks: [] });
		expect((await ballast('status')).stdout).toMatch(/^STOPPED by kim at .*: drill\n/);
		expect(await ballast('resume', '--reason', 'over')).toMatchObject({ code: 0, stdout: 'resumed\n' });
		expect((await ballast('status')).stdout).toMatch(/^running\n/);
	});

	it('are refused without a reason, and name it', async () => {
		const { code, stderr } = await ballast('pause');
		expect([code, stderr]).toEqual([2, expect.stringContaining('--reason')]);
	});
});

describe('ballast', () => {
	it('names a verb that it does not have, and ends with 2', async () => {
		const { code, stderr } = await spawned({ DATABASE_URL: databaseUrl }, 'pauze');
		expect([code, stderr]).toEqual([2, expect.stringMatching(/pauze.*\n.*pause/)]);
	});

	it('shows examples with --help', async () => {
		const { code, stdout } = await spawned({}, '--help');
		expect([code, stdout]).toEqual([0, expect.stringContaining('npm run -s ballast -- pause --reason')]);
	});
});
