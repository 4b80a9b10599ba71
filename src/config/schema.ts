/**
 * The one schema of the configuration file. Amounts are decimal strings in token units; unknown keys are errors.
 */
import { getAddress, isAddress } from 'viem';
import { z } from 'zod';
import { MAX_UINT256 } from '../money/amount.ts';
import { isDecimalText } from '../money/units.ts';

export const addressText = z
	.string()
	.refine((text) => isAddress(text, { strict: false }), 'is not a 20-byte hex address')
	.transform((text) => getAddress(text));
const decimalText = z.string().refine(isDecimalText, 'is not a decimal number in token units, as a string like "12.5"');
const venueId = z.string().regex(/^[1-9][0-9]{0,15}$/, 'is not a chain id as decimal text');
const bytes32 = z.string().regex(/^0x[0-9a-fA-F]{64}$/, 'is not a 32-byte hex value');
const httpUrl = z.url({ protocol: /^https?$/, error: 'is not an http(s) URL' });

/** A token's id in its contract: a whole uint256, as decimal or 0x-hex text. */
const tokenId = z
	.string()
	.regex(/^(0|[1-9][0-9]{0,77}|0x[0-9a-fA-F]{1,64})$/, 'is not a token id as decimal or 0x-hex text')
	.transform((text) => BigInt(text))
	.refine((id) => id <= MAX_UINT256, 'is more than a uint256');

const MULTICALL3 = '0xcA11bde05977b3631167028862bE2a173976CA11';

const blocks = z.int().min(0).max(10_000);
const FINALITY_SHAPE = 'is neither a number of blocks from 0 to 10000 nor a list like [{ below: "1000", blocks: 2 }, { blocks: 12 }]';
/** Deeper the more a transaction moves: every tier but the last says below how many token units it serves. */
const finalityTiers = z
	.array(z.strictObject({ below: decimalText.optional(), blocks }))
	.min(1)
	.refine((tiers) => tiers.every(({ below }, index) => (below === undefined) === (index === tiers.length - 1)), FINALITY_SHAPE)
	.refine(
		(tiers) => tiers.every((tier, index) => tier.blocks >= (tiers[index - 1]?.blocks ?? 0)),
		'falls: a larger amount is never final sooner',
	);

const fees = z.strictObject({
	/** Gwei; nothing is signed that offers more per gas. */
	maxFeePerGas: decimalText.default('500'),
	/** How long a transaction may be next in line without being mined, before it is outbid. */
	replaceAfterMs: z.int().min(1_000).max(3_600_000).default(60_000),
});

const chain = z.strictObject({
	name: z.string().min(1),
	rpcUrls: z.array(httpUrl).min(1),
	/** So many of them must give the same answer; the majority unless given. */
	quorum: z.int().min(1).optional(),
	/** Blocks on top of a transaction's block before its effect counts as final. */
	finalityBlocks: z.union([blocks, finalityTiers], { error: ({ input }) => (input === undefined ? 'is missing' : FINALITY_SHAPE) }),
	/** Balances count as settled so many blocks below the head, or at the block that the node gives this name; like `finalityBlocks` at its deepest unless given. */
	settled: z
		.union([z.enum(['safe', 'finalized']), blocks], { error: 'is neither "safe", "finalized" nor a number of blocks from 0 to 10000' })
		.optional(),
	fees: fees.prefault({}),
	/** How often receipts and heads are looked at. */
	pollMs: z.int().min(50).max(60_000).default(1_000),
	multicall3: addressText.default(getAddress(MULTICALL3)),
});

const assetVenue = z.strictObject({
	address: addressText,
	decimals: z.int().min(0).max(77),
	/** Token units that are never spent here. */
	reserve: decimalText.default('0'),
});

const asset = z.strictObject({
	/** keccak256 of the symbol unless given. */
	tickerHash: bytes32.optional(),
	venues: z.record(venueId, assetVenue),
});

const route = z.strictObject({
	asset: z.string().min(1),
	/** The asset that arrives, counted one to one; the same one unless the bridge swaps. */
	toAsset: z.string().min(1).optional(),
	origin: venueId,
	destination: venueId,
	bridge: z.string().min(1),
	/** The most that may be lost on the way, fees included, in basis points of what is sent. */
	toleranceBps: decimalText.default('100'),
	/** Token units; narrower than what the bridge itself allows. */
	minimum: decimalText.optional(),
	maximum: decimalText.optional(),
});

/** From -10000 to 10000: beyond that, more than everything paid would be kept or given away. */
const SIGNED_BPS = /^-?(10000(\.0+)?|(0|[1-9][0-9]{0,3})(\.[0-9]+)?)$/;

const everclear = z.strictObject({
	apiUrl: httpUrl,
	/** The contract that our purchases call, per chain: the fee adapter or the spoke. */
	spokes: z.record(venueId, addressText),
	pollMs: z.int().min(100).max(3_600_000).default(10_000),
	pageSize: z.int().min(1).max(1_000).default(100),
	/** What a purchase must leave us of its discount, in basis points of what is paid; negative pays more than the discount brings. */
	marginBps: z
		.string()
		.regex(SIGNED_BPS, 'is not a number of basis points from -10000 to 10000, as a string like "2.5" or "-10"')
		.default('0'),
});

const planning = z.strictObject({
	/** A plan may not rest on balances older than this. */
	snapshotMaxAgeMs: z.int().min(100).default(30_000),
	fastWindowSeconds: z.int().min(0).default(300),
	quoteTimeoutMs: z.int().min(100).default(5_000),
	/** A plan may not rest on quotes older than this, whatever their bridge says. */
	quoteMaxAgeMs: z.int().min(100).default(30_000),
	/** What is weighed after paying: who is older, or how much is covered in all. */
	goal: z.enum(['age', 'value']).default('age'),
	/** How long plans for many demands together may be searched for. While it searches a process does nothing else, so jobs must not expire meanwhile. */
	budgetMs: z.int().min(0).max(2_000).default(500),
});

const watched = {
	asset: z.string().min(1),
	chain: venueId,
	decimals: z.int().min(0).max(77),
	/** Names under "holders"; "wallet" is the wallet. */
	holders: z.array(z.string().min(1)).min(1),
};

const inventory = z.strictObject({
	/** How often heads and transfers are looked at. */
	pollMs: z.int().min(50).max(60_000).default(2_000),
	/** Every position is read again at least so often, whatever the transfers say. */
	syncMs: z.int().min(50).max(600_000).default(5_000),
	/** The API that says what these accounts hold, too: for comparison, and while the chain of markets is lost. */
	positionsApiUrl: httpUrl.optional(),
	/** Accounts that hold funds of ours and do not sign here: a proxy, a Safe, the funder of another system. */
	holders: z.record(z.string().min(1), addressText).default({}),
	/** What is watched besides the assets in the wallet, and never spent. */
	watch: z
		.array(
			z.discriminatedUnion('token', [
				z.strictObject({ token: z.literal('native'), ...watched }),
				z.strictObject({ token: z.literal('erc20'), address: addressText, ...watched }),
				z.strictObject({ token: z.literal('erc1155'), address: addressText, id: tokenId, ...watched }),
			]),
		)
		.default([]),
});

const fills = z.strictObject({
	/**
	 * How far what fills and the chain say is relied on. `off`: not looked at. `shadow`: compared, and nothing follows. `authoritative`: the chain is what
	 * is confirmed. `degrade`: and the gate is obeyed.
	 */
	phase: z.enum(['off', 'shadow', 'authoritative', 'degrade']).default('off'),
	/** What is traded together and judged as one, by the assets under "inventory.watch". */
	markets: z.record(z.string().min(1), z.strictObject({ assets: z.array(z.string().min(1)).min(1) })).default({}),
	/**
	 * What a discrepancy is: what no fill explains and what has waited for longer than settlement takes, or, as the requirement puts it, how far what is
	 * effective is from what is confirmed.
	 */
	discrepancy: z.enum(['unexplained', 'effective']).default('unexplained'),
	/** Polymarket's user channel, the API that has its trades, and the account that the API key belongs to. */
	channel: z
		.strictObject({ url: z.url({ protocol: /^wss?$/, error: 'is not a ws(s) URL' }), apiUrl: httpUrl, address: addressText })
		.optional(),
});

const web = z.strictObject({
	host: z.string().min(1).default('127.0.0.1'),
	port: z.int().min(0).max(65_535).default(3_000),
	user: z.string().min(1).default('operator'),
});

export const fileSchema = z.strictObject({
	/** The account that holds the funds and signs. */
	wallet: addressText,
	chains: z.record(venueId, chain),
	assets: z.record(z.string().min(1), asset),
	everclear,
	/** Settings per bridge; each bridge checks its own. */
	bridges: z.record(z.string().min(1), z.unknown()).default({}),
	routes: z.array(route).default([]),
	/** Routes that may be used one after the other as one leg, by their ids. */
	via: z.array(z.array(z.string().min(1)).min(2).max(4)).default([]),
	planning: planning.prefault({}),
	inventory: inventory.prefault({}),
	fills: fills.prefault({}),
	web: web.prefault({}),
});

export type ConfigFile = z.output<typeof fileSchema>;

/** Only the scheme is looked at: drivers take more than URLs of one host, and what they cannot read they refuse by themselves. */
function serverUrl(...schemes: readonly string[]) {
	const isOfScheme = (text: string) => schemes.some((scheme) => text.startsWith(`${scheme}://`));
	return z.string().min(1).refine(isOfScheme, `does not begin with ${schemes[0]}://`);
}

const seconds = (least: number, most: number) => z.coerce.number().min(least).max(most);

/** Six decimals: https://docs.polymarket.com, the CTF's shares are as fine as its collateral. */
const shares = z.string().regex(/^\d{1,12}(\.\d{1,6})?$/, 'is no number of shares, like "10" or "2.5"');

/** `market=25,other=2.5`. */
const sharesByMarket = z.string().transform((text, context) => {
	const entries = text.split(',').map((each) => each.split('=').map((part) => part.trim()));
	const wrong = entries.find(([market, count, ...more]) => !market || more.length > 0 || !shares.safeParse(count).success);
	if (wrong === undefined) return Object.fromEntries(entries) as Record<string, string>;
	context.addIssue({ code: 'custom', message: `"${wrong.join('=')}" is no market and its shares, like "btc=25,eth=2.5"` });
	return z.NEVER;
});

/** The names of the requirement for markets whose fills a channel tells of (docs/fills.md); shares as decimal text. */
const fillsEnv = {
	AQ_ONCHAIN_PROVIDER_URL: httpUrl.optional(),
	AQ_ONCHAIN_SYNC_INTERVAL_SECONDS: seconds(1, 60).default(3),
	AQ_ONCHAIN_SYNC_TIMEOUT_SECONDS: seconds(1, 60).default(5),
	AQ_ONCHAIN_DEGRADE_THRESHOLD_SHARES: shares.default('10'),
	AQ_ONCHAIN_DEGRADE_THRESHOLD_SHARES_PER_MARKET: sharesByMarket.default({}),
	AQ_ONCHAIN_HARD_HALT_SECONDS: seconds(10, 86_400).default(600),
	AQ_PENDING_FILL_TTL_SECONDS: seconds(1, 86_400).default(180),
	AQ_ONCHAIN_MULTI_CALL_ENABLED: z.enum(['true', 'false']).default('true'),
};
export const fillsEnvSchema = z.object(fillsEnv);
export type FillsEnv = z.output<typeof fillsEnvSchema>;

/** Environment variables, read in `env.ts` alone. */
export const envSchema = z.object({
	DATABASE_URL: serverUrl('postgres', 'postgresql'),
	REDIS_URL: serverUrl('redis', 'rediss').optional(),
	QUEUE_BACKEND: z.enum(['auto', 'redis', 'postgres']).default('auto'),
	/** A hash tag keeps all keys of one flow on one node of a clustered Redis. */
	QUEUE_PREFIX: z.string().min(1).default('{ballast}'),
	BALLAST_CONFIG: z.string().min(1).default('ballast.yaml'),
	BALLAST_SIGNER_KEY: bytes32.optional(),
	BALLAST_BINANCE_API_KEY: z.string().min(1).optional(),
	BALLAST_BINANCE_API_SECRET: z.string().min(1).optional(),
	BALLAST_WEB_PASSWORD: z.string().min(8).optional(),
	BALLAST_WEBHOOK_SECRET: z.string().min(32).optional(),
	DATABASE_POOL: z.coerce.number().int().min(2).max(100).default(10),
	BALLAST_POLYMARKET_API_KEY: z.string().min(1).optional(),
	BALLAST_POLYMARKET_API_SECRET: z.string().min(1).optional(),
	BALLAST_POLYMARKET_API_PASSPHRASE: z.string().min(1).optional(),
	...fillsEnv,
	LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('info'),
});

export type Env = z.output<typeof envSchema>;
