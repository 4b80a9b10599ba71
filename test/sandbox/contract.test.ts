import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { CONTRACTS, compileContracts } from '../../sandbox/contracts/build.ts';

it('the committed contracts are what their sources compile to', () => {
	const committed = CONTRACTS.map((name) => {
		const text = readFileSync(new URL(`../../sandbox/contracts/${name}.json`, import.meta.url), 'utf8');
		return { name, ...(JSON.parse(text) as object) };
	});
	expect(compileContracts()).toEqual(committed);
});
