/** Compiles the stand-in contracts. The results are committed, so that nobody waits for a compiler to start the sandbox. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { z } from 'zod';

export const CONTRACTS = ['EverclearSpoke', 'MessageTransmitterV2', 'TokenMessengerV2', 'TokenMinterV2'] as const;

const compiler = z.object({ compile: z.custom<(input: string) => string>((value) => typeof value === 'function') });
const contract = z.object({
	abi: z.array(z.record(z.string(), z.unknown())),
	evm: z.object({ bytecode: z.object({ object: z.string().regex(/^[0-9a-f]+$/) }) }),
});
const output = z.object({
	errors: z.array(z.object({ severity: z.string(), formattedMessage: z.string() })).default([]),
	contracts: z.record(z.string(), z.record(z.string(), contract)).default({}),
});

interface CompiledContract {
	readonly name: string;
	readonly abi: readonly unknown[];
	/** Creation code, with the 0x prefix. */
	readonly bytecode: string;
}

/** Throws with the compiler's own words on any error or warning. The compiler takes about a second to load. */
export function compileContracts(): CompiledContract[] {
	const { compile } = compiler.parse(createRequire(import.meta.url)('solc'));
	const read = (name: string) => readFileSync(new URL(fileOf(name), import.meta.url), 'utf8');
	const input = {
		language: 'Solidity',
		sources: Object.fromEntries(CONTRACTS.map((name) => [fileOf(name), { content: read(name) }])),
		settings: {
			// Comments and paths stay out of the bytecode, so that it depends on the code alone.
			metadata: { bytecodeHash: 'none', appendCBOR: false },
			optimizer: { enabled: true, runs: 200 },
			evmVersion: 'cancun',
			outputSelection: Object.fromEntries(CONTRACTS.map((name) => [fileOf(name), { [name]: ['abi', 'evm.bytecode.object'] }])),
		},
	};
	const { errors, contracts } = output.parse(JSON.parse(compile(JSON.stringify(input))));
	if (errors.length > 0) throw new Error(errors.map((each) => each.formattedMessage).join('\n'));
	return CONTRACTS.map((name) => {
		const compiled = contracts[fileOf(name)]?.[name];
		if (compiled === undefined) throw new Error(`${fileOf(name)} holds no contract ${name}`);
		return { name, abi: compiled.abi, bytecode: `0x${compiled.evm.bytecode.object}` };
	});
}

const fileOf = (name: string): string => `${name}.sol`;
