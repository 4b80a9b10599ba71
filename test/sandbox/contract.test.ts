import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { compileSpoke } from '../../sandbox/contracts/build.ts';

it('the committed spoke is what its source compiles to', () => {
	const committed: unknown = JSON.parse(readFileSync(new URL('../../sandbox/contracts/EverclearSpoke.json', import.meta.url), 'utf8'));
	expect(compileSpoke()).toEqual(committed);
});
