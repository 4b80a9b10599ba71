/** Every bridge, one line each. */
import { ConfigError } from '../errors.ts';
import { across } from './across/adapter.ts';
import { binance } from './binance/adapter.ts';
import type { BridgeAdapter, BridgeDefinition, BridgePorts } from './bridge.ts';
import { cctpV2 } from './cctp-v2/adapter.ts';
import { swap } from './swap/adapter.ts';

const BRIDGES = [entry(across), entry(binance), entry(cctpV2), entry(swap)];

/** The configured bridges by name. Throws `ConfigError` naming `bridges.<name>…` when a name or a setting is wrong. */
export function createBridges(settings: ReadonlyMap<string, unknown>, ports: BridgePorts): ReadonlyMap<string, BridgeAdapter> {
	return new Map([...settings].map(([name, raw]) => [name, entryOf(name).create(raw, ports)]));
}

/** All that can be configured. */
export function bridgeNames(): string[] {
	return BRIDGES.map((each) => each.name);
}

function entryOf(name: string): Entry {
	const found = BRIDGES.find((each) => each.name === name);
	if (found !== undefined) return found;
	throw new ConfigError(`bridges.${name}`, `is no known bridge; known: ${bridgeNames().join(', ')}`);
}

/** A definition whose settings' type only it knows: checking and creating are one step. */
interface Entry {
	readonly name: string;
	create(raw: unknown, ports: BridgePorts): BridgeAdapter;
}

function entry<Settings>({ name, settings, create }: BridgeDefinition<Settings>): Entry {
	return {
		name,
		create: (raw, ports) => {
			const parsed = settings.safeParse(raw);
			if (parsed.success) return create(parsed.data, ports);
			const [first, ...others] = parsed.error.issues.map(({ path, message }) => ({ key: ['bridges', name, ...path].join('.'), message }));
			const more = others.map(({ key, message }) => `\nconfiguration: ${key}: ${message}`).join('');
			throw new ConfigError(first?.key ?? `bridges.${name}`, `${first?.message}${more}`);
		},
	};
}
