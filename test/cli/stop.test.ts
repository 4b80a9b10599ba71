import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { bareEnvironment } from '../../sandbox/servers/environment.ts';
import { testDatabase } from '../stack.ts';

let databaseUrl: string;
beforeAll(async () => {
	databaseUrl = await testDatabase();
});

/** What a shell would see. */
async function ballast(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
	const env = { ...bareEnvironment(), DATABASE_URL: databaseUrl };
	try {
		const { stdout, stderr } = await promisify(execFile)(process.execPath, ['--import', 'tsx', 'src/cli/main.ts', ...args], { env });
		return { code: 0, stdout, stderr };
	} catch (error) {
		const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
		return { code, stdout, stderr };
	}
}

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
		const { code, stderr } = await ballast('pauze');
		expect([code, stderr]).toEqual([2, expect.stringMatching(/pauze.*\n.*pause/)]);
	});

	it('shows examples with --help', async () => {
		const { code, stdout } = await ballast('--help');
		expect([code, stdout]).toEqual([0, expect.stringContaining('npm run -s ballast -- pause --reason')]);
	});
});
