/** From YAML text to a `ConfigFile`: the shape is checked here, what the parts mean to each other in `load.ts`. */
import { parseDocument } from 'yaml';
import { z } from 'zod';
import { ConfigError } from '../errors.ts';
import { complaint, configError, type Problem } from './problem.ts';
import { type ConfigFile, fileSchema } from './schema.ts';
import { suggest } from './suggest.ts';

/** `name` stands in errors about the text as a whole. Throws `ConfigError`. */
export function parseConfigFile(text: string, name: string): ConfigFile {
	const result = fileSchema.safeParse(parseYaml(text, name), { reportInput: true });
	if (!result.success) throw configError(result.error.issues.flatMap((issue) => problemsOf(issue, name)));
	return result.data;
}

function parseYaml(text: string, name: string): unknown {
	const document = parseDocument(text, {
		// The venue keys 1 and "1" name the same chain, so they are duplicates too.
		uniqueKeys: (a, b) => String(a) === String(b),
		// An address without quotes is text, not a hexadecimal number.
		customTags: (tags) => tags.filter((tag) => typeof tag === 'string' || tag.format !== 'HEX'),
	});
	const [error] = document.errors;
	// Below its first line stands a piece of the file, which may hold a key.
	if (error !== undefined) throw new ConfigError(name, `is no YAML: ${error.message.split('\n')[0]?.replace(/:$/, '')}`);
	return document.toJS();
}

function problemsOf(issue: z.core.$ZodIssue, name: string): Problem[] {
	const path = issue.path.map(String);
	if (path.length === 0 && issue.code === 'invalid_type')
		return [
			{ key: name, problem: 'holds no settings: docs/configuration.md lists the keys, ballast.example.yaml is a file to start from' },
		];
	if (issue.code !== 'unrecognized_keys') return [{ key: path.join('.') || 'file', problem: complaint(issue) }];
	const known = knownKeys(fileSchema, path);
	return issue.keys.map((key) => {
		const meant = suggest(key, known);
		return { key: [...path, key].join('.'), problem: `is not a known key${meant === null ? '' : `; did you mean "${meant}"?`}` };
	});
}

/** The keys that the schema knows at `path`. */
function knownKeys(schema: unknown, path: readonly string[]): string[] {
	const [step, ...rest] = path;
	if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault || schema instanceof z.ZodOptional) {
		return knownKeys(schema.unwrap(), path);
	}
	if (schema instanceof z.ZodRecord) return knownKeys(schema.valueType, rest);
	if (schema instanceof z.ZodArray) return knownKeys(schema.element, rest);
	if (!(schema instanceof z.ZodObject)) return [];
	return step === undefined ? Object.keys(schema.shape) : knownKeys(schema.shape[step], rest);
}
