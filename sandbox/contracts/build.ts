/** Compiles the stand-in contract. The result is committed, so that nobody waits for a compiler to start the sandbox. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { z } from 'zod';

const NAME = 'EverclearSpoke';
const SOURCE = `${NAME}.sol`;

const compiler = z.object({ compile: z.custom<(input: string) => string>((value) => typeof value === 'function') });
const contract = z.object({
	abi: z.array(z.record(z.string(), z.unknown())),
	evm: z.object({ bytecode: z.object({ object: z.string().regex(/^[0-9a-f]+$/) }) }),
});
const output = z.object({
	errors: z.array(z.object({ severity: z.string(), formattedMessage: z.string() })).default([]),
	contracts: z.record(z.string(), z.record(z.string(), contract)).default({}),
});

export interface CompiledContract {
	readonly abi: readonly unknown[];
	/** Creation code, with the 0x prefix. */
	readonly bytecode: string;
}

/** Throws with the compiler's own words on any error or warning. The compiler takes about a second to load. */
export function compileSpoke(): CompiledContract {
	const { compile } = compiler.parse(createRequire(import.meta.url)('solc'));
	const input = {
		language: 'Solidity',
		sources: { [SOURCE]: { content: readFileSync(new URL(SOURCE, import.meta.url), 'utf8') } },
		settings: {
			// Comments and paths stay out of the bytecode, so that it depends on the code alone.
			metadata: { bytecodeHash: 'none', appendCBOR: false },
			optimizer: { enabled: true, runs: 200 },
			evmVersion: 'cancun',
			outputSelection: { '*': { [NAME]: ['abi', 'evm.bytecode.object'] } },
		},
	};
	const { errors, contracts } = output.parse(JSON.parse(compile(JSON.stringify(input))));
	if (errors.length > 0) throw new Error(errors.map((each) => each.formattedMessage).join('\n'));
	const compiled = contracts[SOURCE]?.[NAME];
	if (compiled === undefined) throw new Error(`${SOURCE} holds no contract ${NAME}`);
	return { abi: compiled.abi, bytecode: `0x${compiled.evm.bytecode.object}` };
}
