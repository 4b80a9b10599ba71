/** Writes what the contracts compile to afresh: `node --import tsx sandbox/contracts/main.ts && npx biome format --write sandbox/contracts`. */
import { writeFileSync } from 'node:fs';
import { compileContracts } from './build.ts';

for (const { name, ...compiled } of compileContracts()) {
	writeFileSync(new URL(`${name}.json`, import.meta.url), `${JSON.stringify(compiled, null, '\t')}\n`);
}
