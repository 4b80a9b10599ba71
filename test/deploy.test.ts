/** The files that start Ballast elsewhere agree with each other and with the tree. No container engine is needed to see that. */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { envSchema, fillsEnvSchema } from '../src/config/schema.ts';

const ROOT = resolve(import.meta.dirname, '..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

const service = z.object({
	image: z.string(),
	profiles: z.array(z.string()).min(1),
	command: z.array(z.string()).min(1),
	environment: z.record(z.string(), z.string()),
	healthcheck: z.looseObject({ disable: z.boolean().optional() }).optional(),
	depends_on: z.record(z.string(), z.object({ condition: z.string() })).default({}),
	restart: z.string(),
	stop_grace_period: z.string().regex(/^\d+s$/),
	logging: z.object({ driver: z.string(), options: z.record(z.string(), z.string()) }),
	volumes: z.array(z.string()),
});
const compose = z.object({ services: z.record(z.string(), z.looseObject({})), volumes: z.record(z.string(), z.unknown()) });

const file: unknown = parse(read('docker-compose.yml'), { merge: true });
const { services: raw, volumes } = compose.parse(file);
const services = new Map(Object.entries(raw).map(([name, each]) => [name, service.parse({ environment: {}, ...each })]));
const app = [...services].filter(([, { image }]) => image === 'ballast');

/** The module that a command starts, and what stands before it. */
function started(command: readonly string[]): { readonly runner: string; readonly module: string } {
	const at = command.findIndex((word) => word.endsWith('.ts'));
	return { runner: command.slice(0, at).join(' '), module: command[at] ?? '' };
}

/** What the JSON schema of the Compose Specification says against it; a linter of compose files ships the schema. */
function composeProblems(content: unknown): string[] {
	const folder = dirname(createRequire(import.meta.url).resolve('dclint/package.json'));
	// It names its own meta-schema by another spelling than Ajv does.
	const withoutMeta = (key: string, value: unknown) => (key === '$schema' ? undefined : value);
	const schema: unknown = JSON.parse(readFileSync(join(folder, 'schemas/compose.schema.json'), 'utf8'), withoutMeta);
	const validate = new Ajv({ strict: false, allErrors: true }).compile(z.looseObject({ definitions: z.looseObject({}) }).parse(schema));
	validate(content);
	return (validate.errors ?? []).map(({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`);
}

describe('docker-compose.yml', () => {
	test('is what the Compose Specification allows', () => {
		expect(composeProblems(file)).toEqual([]);
	});

	test.each([
		['an unknown key', 'additionalProperty":"restarts"', (web: Record<string, unknown>) => ({ ...web, restarts: 'always' })],
		['a value of the wrong kind', '/services/web/ports', (web: Record<string, unknown>) => ({ ...web, ports: '3000:3000' })],
		[
			'an unknown condition',
			'/depends_on/redis/condition',
			(web: Record<string, unknown>) => ({ ...web, depends_on: { redis: { condition: 'soon' } } }),
		],
	])('would be seen to have %s', (_what, problem, change) => {
		const changed = { ...z.looseObject({}).parse(file), services: { ...raw, web: change(raw.web ?? {}) } };
		expect(composeProblems(changed).join('\n')).toContain(problem);
	});

	test('has the stores and every process type', () => {
		expect([...services.keys()].sort()).toEqual(['feed', 'migrate', 'postgres', 'redis', 'scheduler', 'web', 'worker']);
		expect(services.get('postgres')?.profiles).toContain('deps');
		expect(services.get('redis')?.profiles).toContain('deps');
		expect(app.map(([, { profiles }]) => profiles)).toEqual(app.map(() => ['app']));
	});

	test('waits only for services that exist, are in the same profiles, and can be waited for', () => {
		for (const [name, { depends_on, profiles }] of services) {
			for (const [target, { condition }] of Object.entries(depends_on)) {
				const other = services.get(target);
				expect(other, `${name} waits for ${target}`).toBeDefined();
				expect(other?.profiles, `${name} waits for ${target}`).toEqual(expect.arrayContaining(profiles));
				if (condition === 'service_healthy') expect(other?.healthcheck, target).toHaveProperty('test');
				else expect([condition, target, other?.restart]).toEqual(['service_completed_successfully', 'migrate', 'no']);
			}
		}
	});

	test('starts no process before the stores are healthy and the migration is done', () => {
		for (const name of ['web', 'scheduler', 'worker', 'feed']) {
			expect(services.get(name)?.depends_on, name).toEqual({
				postgres: { condition: 'service_healthy' },
				redis: { condition: 'service_healthy' },
				migrate: { condition: 'service_completed_successfully' },
			});
		}
	});

	test('starts node directly, on a module that exists', () => {
		for (const [name, { command }] of app) {
			expect(started(command).runner, name).toBe('node --import tsx');
			expect(existsSync(join(ROOT, started(command).module)), `${name} starts ${started(command).module}`).toBe(true);
		}
	});

	test('never lets Redis forget a job', () => {
		expect(services.get('redis')?.command.join(' ')).toMatch(/--appendonly yes --maxmemory-policy noeviction/);
	});

	test('sets only variables that are read, the signing key for workers alone, and the secrets of web and feed for these alone', () => {
		for (const [name, { environment }] of app) {
			expect(Object.keys(envSchema.shape), name).toEqual(expect.arrayContaining(Object.keys(environment)));
			expect('BALLAST_SIGNER_KEY' in environment, name).toBe(name === 'worker');
			expect('BALLAST_WEB_PASSWORD' in environment, name).toBe(name === 'web');
			expect('BALLAST_WEBHOOK_SECRET' in environment, name).toBe(name === 'web');
			for (const part of ['KEY', 'SECRET', 'PASSPHRASE'])
				expect(`BALLAST_POLYMARKET_API_${part}` in environment, name).toBe(name === 'feed');
		}
	});

	test('starts every process again that ends, after a stop that leaves it time to finish', () => {
		const drainsWithin = Number(/STOP_WITHIN_MS = ([\d_]+)/.exec(read('workers/main.ts'))?.[1]?.replaceAll('_', ''));
		for (const [name, { restart, stop_grace_period }] of services) {
			expect(restart, name).toBe(name === 'migrate' ? 'no' : 'unless-stopped');
			expect(Number.parseInt(stop_grace_period, 10) * 1_000, name).toBeGreaterThan(drainsWithin);
		}
	});

	test('fills no disk with logs, and keeps the stores in volumes that it declares', () => {
		for (const [name, { logging }] of services) expect(logging.options, name).toEqual({ 'max-size': '20m', 'max-file': '5' });
		for (const store of ['postgres', 'redis']) {
			const [volume = ''] = (services.get(store)?.volumes[0] ?? '').split(':');
			expect(Object.keys(volumes)).toContain(volume);
		}
	});

	test('lets the feed be set as everybody else can be, and starts none unless told to', () => {
		const known = Object.keys(fillsEnvSchema.shape);
		expect(Object.keys(services.get('feed')?.environment ?? {})).toEqual(expect.arrayContaining(known));
		expect(raw.feed?.deploy).toEqual({ replicas: expect.stringMatching(/^\$\{BALLAST_FEEDS:-0\}$/) });
	});

	test('has more than one worker unless told otherwise, and publishes no port beyond this machine', () => {
		expect(raw.worker?.deploy).toEqual({ replicas: expect.stringMatching(/^\$\{BALLAST_WORKERS:-[2-9]\}$/) });
		const ports = Object.values(raw).flatMap((each) => z.array(z.string()).parse(each.ports ?? []));
		expect(ports.filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([]);
		expect(ports).toHaveLength(3);
	});
});

describe('the Procfile', () => {
	const all = read('Procfile').trim().split('\n');
	const lines = all.filter((line) => !line.startsWith('#'));

	test('migrates, and has every process type, each started directly on a module that exists', () => {
		expect(lines.map((line) => line.split(':')[0])).toEqual(['release', 'web', 'scheduler', 'worker']);
		const feed = '# feed: node --import tsx workers/main.ts feed';
		expect(all, 'a feed refuses to start where nothing is set for it').toContain(feed);
		for (const line of [...lines, feed.replace('# ', '')]) {
			const { runner, module } = started(line.replace(/^\w+: /, '').split(' '));
			expect(runner).toBe('node --import tsx');
			expect(existsSync(join(ROOT, module)), module).toBe(true);
			expect(line).toMatch(/^(\w+): .* \1$|^release: .*src\/cli\/main\.ts migrate$/);
		}
	});
});

describe('the Dockerfile', () => {
	const text = read('Dockerfile');

	test('copies what exists and what .dockerignore lets through', () => {
		const copied = [...text.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap((match) => (match[1] ?? '').split(' '));
		expect(copied.length).toBeGreaterThan(5);
		expect(copied.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
		const allowed = read('.dockerignore').split('\n');
		expect(copied.filter((path) => !allowed.includes(`!${path}`))).toEqual([]);
	});

	test('runs without privileges, without development packages, and not through npm', () => {
		expect(text).toMatch(/^USER node$/m);
		expect(text).toContain('npm ci --omit=dev ');
		expect(text, 'tsx needs the optional binary of esbuild').not.toMatch(/^RUN .*--omit=optional/m);
		expect(text).toMatch(/^CMD \["node", "--import", "tsx", "workers\/main\.ts", "web"\]$/m);
		expect(text).toMatch(/^HEALTHCHECK /m);
	});
});
