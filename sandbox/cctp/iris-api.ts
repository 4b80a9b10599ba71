/**
 * Iris's REST API over the attesters' book: `/v2/messages`, `/v2/burn/…/fees`, `/v2/fastBurn/…/allowance`, `/v2/publicKeys`,
 * `/v2/reattest`. Kept: paths, parameters, field names and types, the order of a transaction's messages, 404 until a burn is known, the
 * empty message and the word that stand for what is not signed yet, an old signature that is shown until the new one is there, the
 * limit of requests. Not kept: the first version of the API, forwarding, other chains than these.
 */
import type { LocalChain } from '../chains/chain.ts';
import { ApiError, type ApiHandler, type ApiRequest } from '../http/api-server.ts';
import { ATTESTER_PUBLIC_KEYS, attest } from './attesters.ts';
import type { Burn } from './burns.ts';
import type { CctpChain } from './deploy.ts';
import type { FeeTable } from './fees.ts';
import { FAST_FINALITY, type Iris, STANDARD_FINALITY } from './iris.ts';
import { filledIn, spellOut } from './message.ts';
import type { RequestLimit } from './request-limit.ts';

const TOKEN = 'USDC';
const CCTP_VERSION = 2;

interface IrisSources {
	readonly iris: Iris;
	readonly chains: readonly CctpChain[];
	readonly fees: FeeTable;
	readonly limit: RequestLimit;
}

export function irisApi(sources: IrisSources): ApiHandler {
	return async (request) => {
		if (!sources.limit.isServed()) throw new ApiError(429, 'too many requests');
		return { status: 200, body: await answer(sources, request) };
	};
}

function answer(sources: IrisSources, request: ApiRequest) {
	const [version, kind, ...rest] = request.path.split('/').slice(1);
	const [first = '', second, third = '', fourth = ''] = rest;
	switch (`${request.method} /${version}/${kind} ${rest.length}`) {
		case 'GET /v2/messages 1':
			return messages(sources, request, first);
		case 'GET /v2/burn 4':
			if (second === 'fees') return feesOf(sources, { token: first, source: third, destination: fourth });
			break;
		case 'GET /v2/fastBurn 2':
			if (second === 'allowance' && first === TOKEN) return allowance(sources.iris);
			break;
		case 'GET /v2/publicKeys 0':
			return { publicKeys: ATTESTER_PUBLIC_KEYS.map((publicKey) => ({ publicKey, cctpVersion: CCTP_VERSION })) };
		case 'POST /v2/reattest 1':
			return reattest(sources.iris, first);
	}
	throw new ApiError(404, `there is no ${request.method} ${request.path}`);
}

async function messages({ iris }: IrisSources, { query }: ApiRequest, domain: string) {
	const [transactionHash, nonce] = [query.get('transactionHash')?.toLowerCase(), query.get('nonce')?.toLowerCase()];
	if ((transactionHash === undefined) === (nonce === undefined)) throw new ApiError(400, 'either transactionHash or nonce is required');
	const found = [...iris.burns.values()]
		.filter((each) => `${each.origin.domain}` === domain && !iris.ignore(each))
		.filter((each) => each.transactionHash === transactionHash || each.nonce === nonce)
		.sort((a, b) => a.place - b.place);
	if (found.length === 0) throw new ApiError(404, 'Message not found');
	if (iris.order === 'reversed') found.reverse();
	return { messages: await Promise.all(found.map((each) => messageOf(iris, each))) };
}

async function messageOf({ tamper, pendingText }: Iris, { attested, nonce, delayReason }: Burn) {
	const message = attested === null ? null : tamper(attested);
	return {
		message: message ?? '0x',
		attestation: message === null ? pendingText : await attest(message),
		eventNonce: nonce,
		cctpVersion: CCTP_VERSION,
		status: message === null ? 'pending_confirmations' : 'complete',
		delayReason,
		decodedMessage: message === null ? null : spellOut(message),
	};
}

interface FeeQuestion {
	readonly token: string;
	readonly source: string;
	readonly destination: string;
}

function feesOf({ chains, fees }: IrisSources, { token, source, destination }: FeeQuestion) {
	const chainOf = (domain: string): LocalChain | undefined => chains.find((each) => `${each.domain}` === domain)?.chain;
	const pair = { origin: chainOf(source), destination: chainOf(destination) };
	if (token !== TOKEN || pair.origin === undefined || pair.destination === undefined || pair.origin === pair.destination) {
		throw new ApiError(400, `${token} is not sent from domain ${source} to ${destination}`);
	}
	const { fast, standard } = fees.of({ origin: pair.origin, destination: pair.destination });
	return [
		...(fast === null ? [] : [{ finalityThreshold: FAST_FINALITY, minimumFee: Number(fast) }]),
		{ finalityThreshold: STANDARD_FINALITY, minimumFee: Number(standard) },
	];
}

const allowance = (iris: Iris) => ({ allowance: Number(iris.allowance), lastUpdated: new Date(iris.nowMs()).toISOString() });

function reattest(iris: Iris, nonce: string) {
	const burn = [...iris.burns.values()].find((each) => each.nonce === nonce.toLowerCase() && !iris.ignore(each));
	if (burn === undefined) throw new ApiError(404, `there is no message with nonce ${nonce}`);
	if (burn.attested === null) throw new ApiError(400, 'the message is not attested yet');
	if (filledIn(burn.attested).finality >= STANDARD_FINALITY) throw new ApiError(400, 'the message is attested as final');
	burn.signAnewAtMs ??= iris.nowMs() + iris.reattestMs;
	return { message: 'Re-attestation successfully requested for nonce.', nonce };
}
