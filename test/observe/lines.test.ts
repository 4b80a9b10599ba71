import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeLines } from '../../src/observe/lines.ts';
import { createLog } from '../../src/observe/log.ts';

describe('lines of a log', () => {
	it('are written whole and at once', () => {
		const folder = mkdtempSync(join(tmpdir(), 'ballast-lines-'));
		const file = openSync(join(folder, 'log'), 'a');
		createLog('info', 'test', writeLines(file)).info({ effect: 'e1' }, 'ä'.repeat(70_000));
		closeSync(file);
		expect(JSON.parse(readFileSync(join(folder, 'log'), 'utf8'))).toMatchObject({ effect: 'e1', msg: 'ä'.repeat(70_000) });
		rmSync(folder, { recursive: true });
	});

	it('that cannot be written are lost, which is said once, and nothing is thrown', () => {
		// Opened for reading alone, it refuses as a full disk does.
		const full = openSync(import.meta.filename, 'r');
		const said: string[] = [];
		const log = createLog(
			'info',
			'test',
			writeLines(full, (text) => said.push(text)),
		);
		for (const word of ['one', 'two', 'three']) log.info(word);
		closeSync(full);
		expect(said).toEqual([expect.stringMatching(/log lines are lost \(E.*the work goes on/)]);
	});
});
