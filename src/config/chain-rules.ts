/** What a chain's settings say about fees and finality, in wei and in base units of each token there. */
import type { FeeRules } from '../chain/fees.ts';
import type { Finality, FinalityTier } from '../chain/finality.ts';
import type { VenueId } from '../inventory/venue.ts';
import { ZERO } from '../money/amount.ts';
import type { Problem } from './problem.ts';
import { tokenUnits } from './read-value.ts';
import type { ConfigFile } from './schema.ts';

const GWEI_DECIMALS = 9;

export function resolveFees(file: ConfigFile, venue: VenueId, problems: Problem[]): FeeRules {
	const { maxFeePerGas: text = '0', replaceAfterMs = 0 } = file.chains[venue]?.fees ?? {};
	const cap = tokenUnits({ text, decimals: GWEI_DECIMALS, key: `chains.${venue}.fees.maxFeePerGas` }, problems);
	return { maxFeePerGas: cap ?? ZERO, replaceAfterMs };
}

export function resolveFinality(file: ConfigFile, venue: VenueId, problems: Problem[]): Finality {
	const given = file.chains[venue]?.finalityBlocks ?? 0;
	if (typeof given === 'number') return { lowest: given, deepest: given, tiers: new Map() };
	const tokens = Object.values(file.assets).flatMap((asset) => asset.venues[venue] ?? []);
	const depths = given.map((tier) => tier.blocks);
	return {
		lowest: Math.min(...depths),
		deepest: Math.max(...depths),
		tiers: new Map(tokens.map(({ address, decimals }) => [address, tiersOf({ given, decimals, venue }, problems)])),
	};
}

interface TiersInTokens {
	readonly given: readonly { readonly below?: string | undefined; readonly blocks: number }[];
	readonly decimals: number;
	readonly venue: VenueId;
}

function tiersOf({ given, decimals, venue }: TiersInTokens, problems: Problem[]): FinalityTier[] {
	const tiers = given.map(({ below, blocks }, index) => {
		const key = `chains.${venue}.finalityBlocks.${index}.below`;
		return { key, blocks, below: below === undefined ? null : tokenUnits({ text: below, decimals, key }, problems) };
	});
	for (const [index, { key, below }] of tiers.entries()) {
		const before = tiers[index - 1]?.below ?? null;
		if (below !== null && before !== null && below <= before) problems.push({ key, problem: 'is not above the tier before it' });
	}
	return tiers.map(({ below, blocks }) => ({ below, blocks }));
}
