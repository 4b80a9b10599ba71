import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { channelKeyOf, exchangeKeysOf, readEnv } from '../../src/config/env.ts';
import { envSchema, fillsEnvSchema } from '../../src/config/schema.ts';
import { ConfigError } from '../../src/errors.ts';

const EXAMPLE = readFileSync(resolve(import.meta.dirname, '../../.env.example'), 'utf8');
const VALID = { DATABASE_URL: 'postgres://127.0.0.1/ballast' };

function refusal(source: Record<string, string>): ConfigError {
	try {
		readEnv(source);
	} catch (error) {
		if (error instanceof ConfigError) return error;
		throw error;
	}
	throw new Error('the environment was accepted');
}

describe('the environment', () => {
	test('needs nothing but a database', () => {
		const fills = fillsEnvSchema.parse({});
		expect(readEnv(VALID)).toEqual({
			...fills,
			DATABASE_URL: 'postgres://127.0.0.1/ballast',
			QUEUE_BACKEND: 'auto',
			QUEUE_PREFIX: '{ballast}',
			BALLAST_CONFIG: 'ballast.yaml',
			DATABASE_POOL: 10,
			LOG_LEVEL: 'info',
		});
	});

	test('is that of the process unless another is given', () => {
		const before = process.env.DATABASE_URL;
		process.env.DATABASE_URL = 'postgres://127.0.0.1/from-the-process';
		try {
			expect(readEnv().DATABASE_URL).toBe('postgres://127.0.0.1/from-the-process');
		} finally {
			if (before === undefined) delete process.env.DATABASE_URL;
			else process.env.DATABASE_URL = before;
		}
	});

	test('counts an empty variable as not set', () => {
		expect(readEnv({ ...VALID, REDIS_URL: '', LOG_LEVEL: '' })).toMatchObject({ LOG_LEVEL: 'info' });
		expect(readEnv({ ...VALID, REDIS_URL: '' })).not.toHaveProperty('REDIS_URL');
		expect(refusal({ DATABASE_URL: '' }).message).toMatch(/DATABASE_URL: is missing/);
	});

	test.each([
		['DATABASE_URL', 'mysql://ballast:secret@127.0.0.1/ballast'],
		['DATABASE_URL', '127.0.0.1:5432'],
		['REDIS_URL', 'http://127.0.0.1:6379'],
		['QUEUE_BACKEND', 'rabbit'],
		['BALLAST_SIGNER_KEY', '0xabcdef'],
		['BALLAST_WEB_PASSWORD', 'short'],
		['BALLAST_WEBHOOK_SECRET', 'not thirty-two characters'],
		['DATABASE_POOL', '1'],
		['DATABASE_POOL', 'many'],
		['LOG_LEVEL', 'loud'],
	])('is refused naming %s when it is "%s", without repeating the value', (name, value) => {
		const error = refusal({ ...VALID, [name]: value });
		expect(error.key).toBe(name);
		expect(error.message.replace(name, '')).not.toContain(`"${value}"`);
		expect(error.message).not.toContain('0xabcdef');
	});

	test('is refused with every wrong variable at once', () => {
		const { message } = refusal({ LOG_LEVEL: 'loud' });
		expect(message).toContain('DATABASE_URL: is missing');
		expect(message).toContain('\nconfiguration: LOG_LEVEL: ');
	});
});

describe('the keys of an exchange', () => {
	const [BALLAST_BINANCE_API_KEY, BALLAST_BINANCE_API_SECRET] = ['an api key', 'its secret'];
	const keysOf = (source: Record<string, string>) => exchangeKeysOf(readEnv({ ...VALID, ...source }));

	test('are taken as a pair, and not needed', () => {
		expect(keysOf({})).toEqual({});
		expect(keysOf({ BALLAST_BINANCE_API_KEY: '', BALLAST_BINANCE_API_SECRET: '' })).toEqual({});
		expect(keysOf({ BALLAST_BINANCE_API_KEY, BALLAST_BINANCE_API_SECRET })).toEqual({
			binance: { apiKey: 'an api key', secret: 'its secret' },
		});
	});

	test.each([
		['BALLAST_BINANCE_API_SECRET', { BALLAST_BINANCE_API_KEY }],
		['BALLAST_BINANCE_API_KEY', { BALLAST_BINANCE_API_SECRET }],
	])('are refused naming %s when it is the half that is missing, without a value', (key, source) => {
		const ask = () => keysOf(source as unknown as Record<string, string>);
		expect(ask).toThrow(expect.objectContaining({ key, message: expect.not.stringMatching(/an api key|its secret/) }));
		expect(ask).toThrow(ConfigError);
	});
});

describe('the key of the account at Polymarket', () => {
	const KEY = {
		BALLAST_POLYMARKET_API_KEY: 'an api key',
		BALLAST_POLYMARKET_API_SECRET: 'its secret',
		BALLAST_POLYMARKET_API_PASSPHRASE: 'its passphrase',
	};

	test('has three parts', () => {
		expect(channelKeyOf(readEnv({ ...VALID, ...KEY }))).toEqual({
			apiKey: 'an api key',
			secret: 'its secret',
			passphrase: 'its passphrase',
		});
	});

	test.each(Object.keys(KEY))('is refused naming %s when that is missing, without a value', (key) => {
		const ask = () => channelKeyOf(readEnv({ ...VALID, ...KEY, [key]: '' }));
		expect(ask).toThrow(expect.objectContaining({ key, message: expect.not.stringMatching(/an api key|its/) }));
	});
});

describe('.env.example', () => {
	const lines = EXAMPLE.split('\n');
	const assignments = lines.filter((line) => /^[A-Z_]+=/.test(line));

	test('lists exactly the variables that are read', () => {
		expect(assignments.map((line) => line.split('=')[0]).sort()).toEqual(Object.keys(envSchema.shape).sort());
	});

	test('explains each of them on the line above', () => {
		for (const [index, line] of lines.entries()) {
			if (assignments.includes(line)) expect(lines[index - 1], line).toMatch(/^# .{8,}/);
		}
	});

	test('holds values that are accepted', () => {
		const source = Object.fromEntries(assignments.map((line) => [line.split('=')[0], line.slice(line.indexOf('=') + 1)]));
		expect(readEnv(source)).toMatchObject({ QUEUE_BACKEND: 'auto', QUEUE_PREFIX: '{ballast}' });
	});
});
