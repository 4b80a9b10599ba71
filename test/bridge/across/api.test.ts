import { getAddress } from 'viem';
import { describe, expect, it } from 'vitest';
import { hintFill, suggestFees } from '../../../src/bridge/across/api.ts';
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

const end = (venue: string, decimals: number) => ({ venue, chainId: Number(venue), token: POOL, decimals });
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

describe('the hint of a fill', () => {
	const hash = `0x${'a'.repeat(64)}`;
	const ask = (reply: () => Response) => hintFill(api(reply).http, { originChainId: '1', depositId: '5' });

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
