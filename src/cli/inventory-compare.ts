/** Chain, ledger and a second opinion side by side. Nothing follows from it: the chain is the truth. */
import { Command } from 'commander';
import { errorText } from '../errors.ts';
import type { ChainPosition, Position } from '../inventory/venue.ts';
import { formatSigned } from '../money/units.ts';
import { type ApiPositions, readApiPositions } from '../positions/client.ts';
import { lookAtEverything } from '../steps/upkeep/audit.ts';
import { readFacts, type SeenPosition } from '../store/proof.ts';
import { columns } from './columns.ts';
import { withApp } from './with-app.ts';

/** Amounts are token units as decimal text; null is unknown, never zero. */
interface ShownComparison extends Position {
	readonly latest: string | null;
	readonly settled: string | null;
	readonly ledger: string | null;
	/** What the positions API says; null where there is none, it did not answer, or it did not list everything. */
	readonly secondary: string | null;
	/** Secondary less latest. */
	readonly difference: string | null;
	readonly ageSeconds: number | null;
}

export function compare(): Command {
	return new Command('compare')
		.description('chain, ledger and the positions API side by side')
		.option('--json', 'one JSON line')
		.addHelpText('after', '\nExample:\n  npm run -s ballast -- inventory compare --json')
		.action(async ({ json }: { json?: boolean }) => {
			const { rows, problems } = await withApp('compare', async (app) => {
				const unread = await lookAtEverything(app);
				const { seen, replayed } = await app.db.transaction((tx) => readFacts(tx, () => {}), {
					...{ isolationLevel: 'repeatable read', accessMode: 'read only' },
				});
				const { positions, positionsApiUrl: apiUrl } = app.config.inventory;
				const all = [...positions.values()].flat();
				const said = apiUrl === null ? new Map<string, ApiPositions | string>() : await askAll(all, apiUrl);
				const wallets = new Map(replayed.balances.filter(({ account }) => account === 'wallet').map((each) => [keyOf(each), each.units]));
				const known = new Map(seen.map((each) => [keyOf(each), each]));
				const shown = all.map((each) =>
					compared(each, { seen: known.get(keyOf(each)), ledger: wallets.get(keyOf(each)), said: said.get(each.holder) }),
				);
				return { rows: shown, problems: [...[...unread].map(([venue, problem]) => `${venue}: ${problem}`), ...troubles(said)] };
			});
			process.stdout.write(
				json === true ? `${JSON.stringify({ positions: rows, problems })}\n` : `${[...table(rows), ...problems].join('\n')}\n`,
			);
		});
}

const keyOf = ({ venue, asset }: Position) => `${asset} at ${venue}`;

/** By holder: what the API says, or why it says nothing. */
async function askAll(positions: readonly ChainPosition[], apiUrl: string): Promise<ReadonlyMap<string, ApiPositions | string>> {
	const holders = [...new Set(positions.filter(({ token }) => token.kind === 'erc1155').map(({ holder }) => holder))];
	const answers = holders.map(async (holder): Promise<[string, ApiPositions | string]> => {
		try {
			return [holder, await readApiPositions(holder, { apiUrl })];
		} catch (error) {
			return [holder, errorText(error)];
		}
	});
	return new Map(await Promise.all(answers));
}

function troubles(said: ReadonlyMap<string, ApiPositions | string>): string[] {
	return [...said].flatMap(([holder, answer]) => {
		if (typeof answer === 'string') return [`the positions API said nothing about ${holder}: ${answer}`];
		return answer.rejected.map((problem) => `the positions API, about ${holder}: a row was not understood: ${problem}`);
	});
}

interface Known {
	readonly seen: SeenPosition | undefined;
	/** Base units; undefined when nothing was posted there. */
	readonly ledger: bigint | undefined;
	readonly said: ApiPositions | string | undefined;
}

function compared({ venue, asset, token, decimals }: ChainPosition, { seen, ledger, said }: Known): ShownComparison {
	const inTokens = (units: bigint | null) => (units === null ? null : formatSigned(units, decimals));
	const latest = seen?.latest ?? null;
	const listed = token.kind === 'erc1155' && said !== undefined && typeof said !== 'string' ? said : null;
	const secondary = listed === null || token.kind !== 'erc1155' ? null : (listed.byId.get(token.id) ?? (listed.isComplete ? 0n : null));
	return {
		...{ venue, asset, latest: inTokens(latest), settled: inTokens(seen?.settled ?? null) },
		...{ ledger: seen === undefined || seen.openedBlock === null ? null : inTokens(ledger ?? 0n), secondary: inTokens(secondary) },
		difference: secondary === null || latest === null ? null : inTokens(secondary - latest),
		ageSeconds: seen === undefined ? null : Math.floor(seen.ageMs / 1_000),
	};
}

function table(rows: readonly ShownComparison[]): string[] {
	const cells = rows.map((each) => [
		keyOf(each),
		...[each.latest, each.settled, each.ledger, each.secondary, each.difference].map((text) => text ?? '?'),
		each.ageSeconds === null ? 'NEVER' : `${each.ageSeconds} s ago`,
	]);
	return columns([['', 'chain', 'settled', 'ledger', 'second', 'DIFFERENCE', 'read'], ...cells]);
}
