/**
 * Binance's REST API over the book: what of `/sapi/v1` and `/api/v3` it takes to deposit, to withdraw, and to see what became of it.
 *
 * Kept: paths, parameters, field names and types, amounts as decimal text, codes and words of refusals (`refusal.ts`), signatures,
 * weights with their headers, both histories with their windows, status numbers, a fee that comes out of the amount, a client id that
 * does not keep anybody from withdrawing twice. Not kept: trading, several wallets and accounts, transfers within the exchange, tags,
 * address books, two factors, the travel rule.
 */
import { fixedTextOf, textOf } from './amount.ts';
import { apply, listingOf } from './apply.ts';
import { balanceOf } from './book.ts';
import type { Desk } from './desk.ts';
import { depositHistory, withdrawalHistory } from './history.ts';
import type { Listing } from './networks.ts';
import { Refusal } from './refusal.ts';
import type { FormAnswer, FormRequest } from './server.ts';
import type { Maintenance } from './settings.ts';
import { type Keys, required, verify } from './signature.ts';
import type { Cost, Weights } from './weights.ts';

interface Sources {
	readonly desk: Desk;
	readonly keys: Keys;
	readonly weights: Weights;
}

interface Endpoint extends Omit<Cost, 'endpoint'> {
	readonly isSigned: boolean;
	readonly answer: (desk: Desk, request: FormRequest) => unknown;
}

const ENDPOINTS: Readonly<Record<string, Endpoint>> = {
	'GET /sapi/v1/system/status': { weight: 1, by: 'ip', isSigned: false, answer: systemStatus },
	'GET /sapi/v1/capital/config/getall': { weight: 10, by: 'ip', isSigned: true, answer: allCoins },
	'GET /sapi/v1/capital/deposit/address': { weight: 10, by: 'ip', isSigned: true, answer: depositAddress },
	'GET /sapi/v1/capital/deposit/hisrec': { weight: 1, by: 'ip', isSigned: true, answer: depositHistory },
	'POST /sapi/v1/capital/withdraw/apply': { weight: 600, by: 'uid', isSigned: true, answer: apply },
	'GET /sapi/v1/capital/withdraw/history': { weight: 18_000, by: 'uid', isHistory: true, isSigned: true, answer: withdrawalHistory },
	'GET /api/v3/account': { weight: 20, by: 'api', isSigned: true, answer: account },
	'GET /api/v3/exchangeInfo': { weight: 20, by: 'api', isSigned: false, answer: exchangeInfo },
	'GET /api/v3/time': { weight: 1, by: 'api', isSigned: false, answer: ({ settings }) => ({ serverTime: clockOf(settings) }) },
	'GET /api/v3/ping': { weight: 1, by: 'api', isSigned: false, answer: () => ({}) },
};
const STATUS = 'GET /sapi/v1/system/status';

export function binanceApi({ desk, keys, weights }: Sources) {
	return (request: FormRequest): FormAnswer => {
		const name = `${request.method} ${request.path}`;
		const endpoint = ENDPOINTS[name];
		if (endpoint === undefined) return noSuchPage(desk, request);
		const { maintenance } = desk.settings;
		if (maintenance !== null && maintenance !== 'announced' && name !== STATUS) return closed(maintenance);
		let headers: FormAnswer['headers'] = {};
		try {
			headers = weights.charge({ endpoint: name, ...endpoint });
			if (endpoint.isSigned) verify(request, keys, desk.settings);
			return { status: 200, body: endpoint.answer(desk, request), headers };
		} catch (error) {
			if (error instanceof Refusal) return { status: error.status, body: error.body, headers: { ...headers, ...error.headers } };
			throw error;
		}
	};
}

const clockOf = ({ nowMs, skewMs }: Desk['settings']): number => nowMs() + skewMs;

function noSuchPage({ settings }: Desk, { path }: FormRequest): FormAnswer {
	const body = { timestamp: clockOf(settings), status: 404, error: 'Not Found', message: 'No message available', path };
	return { status: 404, body, headers: {} };
}

function closed(maintenance: Exclude<Maintenance, 'announced'>): FormAnswer {
	if (maintenance === 'unavailable') {
		const page = '<html><body><h1>503 Service Temporarily Unavailable</h1></body></html>';
		return { status: 503, body: page, headers: { 'content-type': 'text/html' } };
	}
	const { status, body, headers } = new Refusal(maintenance === 'closed' ? 'maintenance' : 'unknown');
	return { status, body, headers };
}

function systemStatus({ settings }: Desk) {
	return settings.maintenance === null ? { status: 0, msg: 'normal' } : { status: 1, msg: 'system_maintenance' };
}

/** What an account shows of a coin. */
function shownOf({ book, settings }: Desk, coin: string) {
	const { free, locked, withdrawing } = balanceOf(book, coin);
	return settings.lockedIsFree ? { free: free + locked, locked: 0n, withdrawing } : { free, locked, withdrawing };
}

const coinsOf = ({ listings }: Desk): readonly string[] => [...new Set(listings.map(({ coin }) => coin))];

function allCoins(desk: Desk) {
	return coinsOf(desk).map((coin) => {
		const listed = desk.listings.filter((each) => each.coin === coin);
		const { free, locked, withdrawing } = shownOf(desk, coin);
		return {
			coin,
			depositAllEnable: listed.some(({ terms }) => terms.depositEnable),
			withdrawAllEnable: listed.some(({ terms }) => terms.withdrawEnable),
			name: coin,
			free: textOf(free),
			locked: textOf(locked),
			freeze: '0',
			withdrawing: textOf(withdrawing),
			ipoing: '0',
			ipoable: '0',
			storage: '0',
			isLegalMoney: false,
			trading: true,
			networkList: listed.map(networkRow),
		};
	});
}

function networkRow({ coin, network, name, isDefault, token, explorer, terms }: Listing) {
	return {
		network,
		coin,
		...terms,
		isDefault,
		depositDesc: terms.depositEnable ? '' : 'Wallet Maintenance, Deposit Suspended',
		withdrawDesc: terms.withdrawEnable ? '' : 'Wallet Maintenance, Withdrawal Suspended',
		specialTips: '',
		specialWithdrawTips: '',
		name,
		resetAddressStatus: false,
		addressRegex: '^(0x)[0-9A-Fa-f]{40}$',
		addressRule: '',
		memoRegex: '',
		depositDust: '0.00000001',
		sameAddress: false,
		withdrawTag: false,
		contractAddressUrl: explorer,
		contractAddress: token,
	};
}

function depositAddress({ listings }: Desk, request: FormRequest) {
	const coin = required(request, 'coin');
	const { depositAddress: address, explorer } = listingOf(listings, coin, request.parameters.get('network'));
	return { address, coin, tag: '', url: `${explorer}${address}` };
}

function account(desk: Desk) {
	return {
		makerCommission: 10,
		takerCommission: 10,
		buyerCommission: 0,
		sellerCommission: 0,
		canTrade: true,
		canWithdraw: true,
		canDeposit: true,
		brokered: false,
		updateTime: clockOf(desk.settings),
		accountType: 'SPOT',
		balances: coinsOf(desk).map((asset) => {
			const { free, locked } = shownOf(desk, asset);
			return { asset, free: fixedTextOf(free), locked: fixedTextOf(locked) };
		}),
		permissions: ['SPOT'],
	};
}

/** Nothing is traded here: the markets are there because clients read them before anything else. */
function exchangeInfo(desk: Desk) {
	return { timezone: 'UTC', serverTime: clockOf(desk.settings), rateLimits: [], exchangeFilters: [], symbols: [] };
}
