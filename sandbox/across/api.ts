/**
 * Across's REST API in front of the local SpokePools: `/suggested-fees`, `/limits`, `/available-routes`, `/deposit/status`.
 * Kept: paths, parameters, field names, amounts as decimal text in base units of the input token, `pct` at 1e18 for all, refusals with
 * 400 and a code, tokens of different decimals only when asked for, never more than a route takes, a relayer with a head start. Not kept:
 * prices (they are what a test sets), the Swap API, bearer keys.
 */
import { type Address, zeroAddress } from 'viem';
import type { LocalChain } from '../chains/chain.ts';
import { ApiError, type ApiFace, type ApiRequest, startApi } from '../http/api-server.ts';
import { type Deposit, FILLED, isPastDeadline, statusOnChain } from './deposit.ts';
import { createFeeTable, type FeeTable, fractionOf, type Price, priceOf, type Route } from './fees.ts';
import { type Relayer, startRelayer } from './relayer.ts';

const FILL_WITHIN_SECONDS = 10_800;

export interface Across extends ApiFace {
	readonly relayer: Relayer;
	/** From a quote to the deadline that it suggests, by the destination's clock. */
	fillWithinSeconds: number;
	/** Who alone may fill the deposits quoted from now on, and for how long; null for nobody, as usual. */
	exclusive: Exclusive | null;
	/** Sets what a route costs and takes; venues as chain ids in text, amounts in token units, what is left out stays. */
	setFee: FeeTable['set'];
	/** The chains were taken back: forgets every deposit and undoes every setting. */
	forget(): Promise<void>;
	stop(): Promise<void>;
}

interface Exclusive {
	readonly relayer: Address;
	readonly seconds: number;
}

type Chains = ReadonlyMap<string, LocalChain>;

export async function startAcross(chains: Chains): Promise<Across> {
	const fees = createFeeTable();
	const relayer = startRelayer(chains, fees);
	const api = await startApi(async (request) => {
		if (request.method !== 'GET') throw new ApiError(405, 'only GET is served');
		switch (request.path) {
			case '/suggested-fees':
				return { status: 200, body: await suggestedFees(request, { chains, fees, ...across }) };
			case '/limits': {
				const route = routeOf(request, chains);
				return { status: 200, body: limitsOf(priceOf(route, fees.of(route), 0n)) };
			}
			case '/available-routes':
				return { status: 200, body: availableRoutes(chains) };
			case '/deposit/status':
				return { status: 200, body: await depositStatus(request, relayer) };
			default:
				throw new ApiError(404, `there is no ${request.path}`);
		}
	});
	const stopApi = api.stop;
	const across: Across = Object.assign(api, {
		fillWithinSeconds: FILL_WITHIN_SECONDS,
		exclusive: null,
		relayer,
		setFee: fees.set,
		async forget() {
			api.counts.clear();
			api.fault = () => undefined;
			fees.clear();
			across.fillWithinSeconds = FILL_WITHIN_SECONDS;
			across.exclusive = null;
			await relayer.forget();
		},
		stop: async () => void (await Promise.all([stopApi(), relayer.poller.stop()])),
	} satisfies Omit<Across, keyof ApiFace>);
	return across;
}

function routeOf({ query }: ApiRequest, chains: Chains): Route {
	const origin = chains.get(query.get('originChainId') ?? '');
	const destination = chains.get(query.get('destinationChainId') ?? '');
	const isUsdc = (parameter: string, chain: LocalChain | undefined) => query.get(parameter)?.toLowerCase() === chain?.usdc.toLowerCase();
	const isServed = isUsdc('inputToken', origin) && isUsdc('outputToken', destination);
	if (origin === undefined || destination === undefined || origin === destination || !isServed) {
		throw new ApiError(400, 'ROUTE_NOT_ENABLED: this route is not served');
	}
	return { origin, destination };
}

interface FeeSources {
	readonly chains: Chains;
	readonly fees: FeeTable;
	readonly fillWithinSeconds: number;
	readonly exclusive: Exclusive | null;
}

async function suggestedFees(request: ApiRequest, { chains, fees, fillWithinSeconds, exclusive }: FeeSources) {
	const { query } = request;
	const route = routeOf(request, chains);
	const { origin, destination } = route;
	const text = query.get('amount') ?? '';
	if (!/^[1-9]\d*$/.test(text)) throw new ApiError(400, `INVALID_PARAM: amount "${text}" is no positive whole number`);
	if (origin.decimals !== destination.decimals && query.get('allowUnmatchedDecimals') !== 'true') {
		throw new ApiError(400, 'INVALID_PARAM: the tokens have different decimals; ask with allowUnmatchedDecimals=true');
	}
	const amount = BigInt(text);
	const fee = fees.of(route);
	const price = priceOf(route, fee, amount);
	const isAmountTooLow = amount < price.minDeposit || price.output === 0n;
	if (isAmountTooLow && query.get('skipAmountLimit') !== 'true') {
		throw new ApiError(400, `AMOUNT_TOO_LOW: the least is ${price.minDeposit}`);
	}
	if (amount > price.maxDeposit) throw new ApiError(400, `AMOUNT_TOO_HIGH: the most is ${price.maxDeposit}`);
	const [here, there] = await Promise.all([origin.client.getBlock(), destination.client.getBlock()]);
	const part = (total: bigint) => ({ pct: `${fractionOf(total, amount)}`, total: `${total}` });
	return {
		estimatedFillTimeSec: fee.fillSeconds,
		// The origin's own clock: the contract refuses a quote from its future.
		timestamp: `${here.timestamp}`,
		quoteBlock: `${here.number}`,
		fillDeadline: `${there.timestamp + BigInt(fillWithinSeconds)}`,
		isAmountTooLow,
		exclusiveRelayer: exclusive?.relayer ?? zeroAddress,
		// Seconds from the deposit on, as the contract takes them.
		exclusivityDeadline: exclusive?.seconds ?? 0,
		spokePoolAddress: origin.spokePool,
		destinationSpokePoolAddress: destination.spokePool,
		totalRelayFee: part(price.total),
		relayerCapitalFee: part(price.capital),
		relayerGasFee: part(price.gas),
		lpFee: part(0n),
		limits: limitsOf(price),
		outputAmount: `${price.output}`,
		inputToken: tokenOf(origin),
		outputToken: tokenOf(destination),
	};
}

function limitsOf({ minDeposit, maxDeposit }: Price) {
	const most = `${maxDeposit}`;
	return {
		minDeposit: `${minDeposit}`,
		maxDeposit: most,
		maxDepositInstant: most,
		maxDepositShortDelay: most,
		recommendedDepositInstant: most,
	};
}

const tokenOf = ({ usdc, decimals, chainId }: LocalChain) => ({ address: usdc, symbol: 'USDC', decimals, chainId });

function availableRoutes(chains: Chains) {
	const all = [...chains.values()];
	return all.flatMap((origin) =>
		all
			.filter((destination) => destination !== origin)
			.map((destination) => ({
				originChainId: origin.chainId,
				originToken: origin.usdc,
				originTokenSymbol: 'USDC',
				destinationChainId: destination.chainId,
				destinationToken: destination.usdc,
				destinationTokenSymbol: 'USDC',
				isNative: false,
			})),
	);
}

async function depositStatus({ query }: ApiRequest, { deposits }: Relayer) {
	const reference = query.get('depositTxnRef') ?? query.get('depositTxHash');
	const deposit =
		reference === null
			? deposits.get(`${query.get('originChainId')}-${query.get('depositId')}`)
			: [...deposits.values()].find((each) => each.depositTx === reference);
	if (deposit === undefined) throw new ApiError(404, 'DepositNotFoundException: the deposit is not known yet');
	return {
		status: await statusOf(deposit),
		originChainId: deposit.origin.chainId,
		depositId: `${deposit.relay.depositId}`,
		depositTxHash: deposit.depositTx,
		depositTxnRef: deposit.depositTx,
		fillTx: deposit.fillTx,
		fillTxnRef: deposit.fillTx,
		destinationChainId: deposit.destination.chainId,
		depositRefundTxHash: deposit.refundTx,
	};
}

async function statusOf(deposit: Deposit): Promise<'filled' | 'refunded' | 'expired' | 'pending'> {
	if ((await statusOnChain(deposit)) === FILLED) return 'filled';
	if (deposit.refundTx !== null) return 'refunded';
	const { timestamp } = await deposit.destination.client.getBlock();
	return isPastDeadline(deposit, timestamp) ? 'expired' : 'pending';
}
