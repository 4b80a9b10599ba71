/**
 * What `npm test` runs: the suite on the servers that are there, and at the end what was covered and what was not.
 * With BALLAST_REQUIRE_ALL a missing server is a failure.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readEnvironment } from '../sandbox/servers/environment.ts';
import { findRedis } from '../sandbox/servers/redis.ts';

interface Report {
	readonly numPassedTests: number;
	readonly numFailedTests: number;
	readonly testResults: readonly FileReport[];
}

interface FileReport {
	readonly name: string;
	readonly status: string;
	/** Of what failed outside its tests. */
	readonly message: string;
	readonly assertionResults: readonly { readonly fullName: string; readonly status: string; readonly failureMessages: readonly string[] }[];
}

const { queueBackend, redisUrl } = readEnvironment();
const hasRedis = redisUrl !== null || findRedis() !== null;
const backend = queueBackend === 'auto' ? (hasRedis ? 'redis' : 'postgres') : queueBackend;
const missing = hasRedis ? [] : ['redis-server or valkey-server'];

const folder = mkdtempSync(join(tmpdir(), 'ballast-tests-'));
const reportFile = join(folder, 'report.json');
const vitest = new URL('../node_modules/vitest/vitest.mjs', import.meta.url).pathname;
const chosen = process.argv.slice(2);
// The times of a run of everything are kept for `npm run -s bench -- house`.
const reporters = ['default', 'json', ...(chosen.length === 0 ? [new URL('setup/file-times.ts', import.meta.url).pathname] : [])];
const args = ['run', ...reporters.map((each) => `--reporter=${each}`), `--outputFile.json=${reportFile}`, ...chosen];
const child = spawn(process.execPath, [vitest, ...args], { stdio: 'inherit' });
const code = await new Promise<number>((resolve) => child.once('exit', (exitCode) => resolve(exitCode ?? 1)));
const report = readReport();
rmSync(folder, { recursive: true, force: true });

const rooms = [...new Set(report.testResults.map((file) => roomOf(file.name)))].sort();
const failures = report.testResults.flatMap(failuresOf);
const failed = Math.max(failures.length, report.numFailedTests);
const required = Boolean(readEnvironment().requireAll) && missing.length > 0;
process.stdout.write(`covered: ${rooms.join(', ')}; queues on ${backend}\n`);
if (missing.length > 0) process.stdout.write(`${required ? 'missing' : 'not covered'}: what needs ${missing.join(' and ')}\n`);
if (backend === 'postgres') process.stdout.write('not covered: test files named *.redis.test.ts\n');
for (const failure of failures) process.stdout.write(`failed: ${failure}\n`);
process.stdout.write(`${report.numPassedTests} passed, ${failed + (required ? 1 : 0)} failed\n`);
process.exitCode = code === 0 && required ? 1 : code;

function readReport(): Report {
	try {
		return JSON.parse(readFileSync(reportFile, 'utf8')) as Report;
	} catch {
		return { numPassedTests: 0, numFailedTests: 1, testResults: [] };
	}
}

/** A line for each test that failed; one for a file whose tests could not even begin. */
function failuresOf({ name, status, message, assertionResults }: FileReport): readonly string[] {
	const file = name.slice(name.lastIndexOf('/test/') + 1);
	const tests = assertionResults.filter((each) => each.status === 'failed');
	if (tests.length > 0)
		return tests.map(({ fullName, failureMessages }) => `${file}: ${fullName.trim()}: ${firstLine(failureMessages[0])}`);
	return status === 'failed' ? [`${file}: ${firstLine(message)}`] : [];
}

function firstLine(text = ''): string {
	return text.trim().split('\n', 1)[0]?.slice(0, 300) || 'no reason given';
}

function roomOf(file: string): string {
	const [room = ''] = file.slice(file.lastIndexOf('/test/') + '/test/'.length).split('/');
	return room.replace(/\.test\.ts$/, '');
}
