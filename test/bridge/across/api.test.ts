import { getAddress } from 'viem';
import { describe, expect, it } from 'vitest';
import { readHint, suggestFees, suggestFeesUpTo } from '../../../src/bridge/across/api.ts';
import { PermanentError, TransientError } from '../../../src/errors.ts';
import { createJsonClient } from '../../../src/http.ts';
import { amount } from '../../../src/money/amount.ts';

const POOL = getAddress('0x5555555555555555555555555555555555555555');
const fee = { pct: '100000000000000', total: '100' };
const body = {
	totalRelayFee: fee,
	relayerCapitalFee: fee,
	relayerGasFee: fee,
	lpFee: fee,
	timestamp: '1700000000',
	fillDeadline: '1700010000',
	exclusiveRelayer: '0x0000000000000000000000000000000000000000',
	exclusivityDeadline: 0,
	spokePoolAddress: POOL,
	destinationSpokePoolAddress: POOL,
	outputAmount: '999700',
	isAmountTooLow: false,
	estimatedFillTimeSec: 4,
	limits: { minDeposit: '1', maxDeposit: '9', maxDepositInstant: '7', maxDepositShortDelay: '8', recommendedDepositInstant: '6' },
	quoteBlock: '5',
};

function api(reply: () => Response) {
	const urls: URL[] = [];
	const answer: typeof fetch = async (url) => {
		urls.push(new URL(String(url)));
		return reply();
	};
	return {
		urls,
		http: createJsonClient({
			fetch: answer,
			timeoutMs: 1_000,
			baseUrl: 'http://across.test/api',
			service: 'Across API',
			wait: async () => undefined,
		}),
	};
}

const end = (venue: string, decimals: number) => ({ venue, chainId: Number(venue), asset: 'USDC', token: POOL, decimals });
const request = { origin: end('1', 6), destination: end('10', 6), send: amount(1_000_000n), recipient: POOL };

describe('suggested fees', () => {
	it('are asked for exactly this move, and read whole', async () => {
		const { http, urls } = api(() => Response.json(body));
		expect(await suggestFees(http, request)).toMatchObject({
			outputAmount: 999_700n,
			timestamp: 1_700_000_000,
			fillDeadline: 1_700_010_000,
		});
		expect(Object.fromEntries(urls[0]?.searchParams ?? [])).toEqual({
			inputToken: POOL,
			outputToken: POOL,
			originChainId: '1',
			destinationChainId: '10',
			amount: '1000000',
			recipient: POOL,
			skipAmountLimit: 'true',
		});
	});

	it('are asked for across decimals only where decimals differ', async () => {
		const { http, urls } = api(() => Response.json(body));
		await suggestFees(http, { ...request, destination: end('56', 18) });
		expect(urls[0]?.searchParams.get('allowUnmatchedDecimals')).toBe('true');
	});

	it.each([
		['outputAmount', { outputAmount: '-1' }],
		['outputAmount', { outputAmount: '1.5' }],
		['outputAmount', { outputAmount: 999_700 }],
		['outputAmount', { outputAmount: (2n ** 256n).toString() }],
		['outputAmount', { outputAmount: undefined }],
		['relayerGasFee.total', { relayerGasFee: { pct: '0', total: 'NaN' } }],
		['lpFee.pct', { lpFee: { pct: '-5', total: '0' } }],
		['timestamp', { timestamp: '17000000000' }],
		['fillDeadline', { fillDeadline: 'soon' }],
		['exclusiveRelayer', { exclusiveRelayer: 'me' }],
		['isAmountTooLow', { isAmountTooLow: 'false' }],
		['estimatedFillTimeSec', { estimatedFillTimeSec: null }],
		['limits.maxDepositInstant', { limits: { ...body.limits, maxDepositInstant: null } }],
	])('with a malformed %s are no answer: %j', async (field, changes) => {
		const failure = await suggestFees(api(() => Response.json({ ...body, ...changes })).http, request).catch((error: unknown) => error);
		expect(failure).toBeInstanceOf(TransientError);
		expect(failure).toMatchObject({ details: { field } });
	});

	it.each([400, 404])('refused with %i are refused for good', async (status) => {
		const reply = () => Response.json({ code: 'AMOUNT_TOO_HIGH' }, { status });
		await expect(suggestFees(api(reply).http, request)).rejects.toBeInstanceOf(PermanentError);
	});
});

describe('suggested fees for more than the API takes', () => {
	const LIMITS = { minDeposit: '1', maxDeposit: '400000', maxDepositInstant: '7' };

	/** An API that refuses amounts above its most, and answers `/limits` like this. */
	function strict(limits: () => Response) {
		const { http, urls } = api(() => {
			const { pathname, searchParams } = urls.at(-1) ?? new URL('http://none');
			if (pathname.endsWith('/limits')) return limits();
			return Number(searchParams.get('amount')) > 400_000
				? Response.json({ code: 'AMOUNT_TOO_HIGH' }, { status: 400 })
				: Response.json(body);
		});
		return {
			http,
			urls,
			ask: (send: bigint) => suggestFeesUpTo((each) => suggestFees(http, each), http, { ...request, send: amount(send) }),
		};
	}

	it('are those for the most that it takes', async () => {
		const { urls, ask } = strict(() => Response.json(LIMITS));
		expect(await ask(1_000_000n)).toMatchObject({ request: { send: 400_000n }, fees: { outputAmount: 999_700n } });
		expect(urls.map((url) => url.searchParams.get('amount'))).toEqual(['1000000', null, '400000']);
	});

	it('ask for no limits when the amount is fine', async () => {
		const { urls, ask } = strict(() => Response.json(LIMITS));
		expect(await ask(400_000n)).toMatchObject({ request: { send: 400_000n } });
		expect(urls).toHaveLength(1);
	});

	it.each([
		['the limits allow the amount', () => Response.json({ ...LIMITS, maxDeposit: '2000000' }), PermanentError],
		['nothing is taken at all', () => Response.json({ ...LIMITS, maxDeposit: '0' }), PermanentError],
		['the limits are refused', () => new Response('', { status: 400 }), PermanentError],
		['the limits are not known', () => new Response('', { status: 404 }), PermanentError],
		['the limits cannot be asked', () => new Response('', { status: 503 }), TransientError],
		['the limits are malformed', () => Response.json({ maxDeposit: 'much' }), TransientError],
	] as [string, () => Response, typeof TransientError][])('stay refused when %s', async (_name, limits, kind) => {
		await expect(strict(limits).ask(1_000_000n)).rejects.toBeInstanceOf(kind);
	});
});

describe('the hint of a refund', () => {
	it('is read from depositRefundTxHash, and never from the fill', async () => {
		const [refund, fill] = [`0x${'b'.repeat(64)}`, `0x${'a'.repeat(64)}`];
		const ask = (answer: Record<string, unknown>) =>
			readHint(api(() => Response.json(answer)).http, { of: 'refund', originChainId: '1', depositId: '5' });
		expect(await ask({ status: 'refunded', depositRefundTxHash: refund, fillTx: fill })).toBe(refund);
		expect(await ask({ status: 'expired', depositRefundTxHash: null, fillTx: fill })).toBeNull();
	});
});

describe('the hint of a fill', () => {
	const hash = `0x${'a'.repeat(64)}`;
	const ask = (reply: () => Response) => readHint(api(reply).http, { of: 'fill', originChainId: '1', depositId: '5' });

	it.each(['fillTx', 'fillTxHash', 'fillTxnRef'])('is read from %s', async (key) => {
		expect(await ask(() => Response.json({ status: 'filled', [key]: hash }))).toBe(hash);
	});

	it.each([
		['no hash', () => Response.json({ status: 'pending', fillTx: null })],
		['something else', () => Response.json({ fillTx: 'x' })],
		['404', () => new Response('', { status: 404 })],
		['400', () => new Response('', { status: 400 })],
		['500', () => new Response('', { status: 500 })],
		['no JSON', () => new Response('<')],
	] as [string, () => Response][])('is nothing when the API answers %s', async (_name, reply) => {
		expect(await ask(reply)).toBeNull();
	});
});
