/** Writes EverclearSpoke.json afresh: `node --import tsx sandbox/contracts/main.ts && npx biome format --write sandbox/contracts`. */
import { writeFileSync } from 'node:fs';
import { compileSpoke } from './build.ts';

writeFileSync(new URL('EverclearSpoke.json', import.meta.url), `${JSON.stringify(compileSpoke(), null, '\t')}\n`);
