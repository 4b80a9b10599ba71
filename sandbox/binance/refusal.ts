/**
 * How Binance refuses. Codes and words of -1000 to -2015 are those of its published list of errors; those from -4018 on are the
 * wallet's, in the words that ccxt 4.5.84 repeats from that list, as are the two answers of maintenance.
 *
 * Assumed, because nothing published says it: that the wallet refuses with 400; which of its codes stands for an unknown network
 * (-4019), an address of another form (-4033), an amount above the most (-4023) and a window that is too wide (-4047, with the days in
 * question); the order in which a withdrawal is checked.
 */
const REFUSALS = {
	unknown: [500, -1000, 'An unknown error occured while processing the request.'],
	tooManyRequests: [
		429,
		-1003,
		'Too much request weight used; current limit is %s request weight per %s. Please use WebSocket Streams for live updates to avoid polling the API.',
	],
	banned: [
		418,
		-1003,
		'Way too much request weight used; IP banned until %s. Please use WebSocket Streams for live updates to avoid bans.',
	],
	tooLate: [400, -1021, 'Timestamp for this request is outside of the recvWindow.'],
	tooEarly: [400, -1021, "Timestamp for this request was 1000ms ahead of the server's time."],
	badSignature: [400, -1022, 'Signature for this request is not valid.'],
	missing: [400, -1102, "Mandatory parameter '%s' was not sent, was empty/null, or malformed."],
	wideRecvWindow: [400, -1131, 'recvWindow must be less than 60000'],
	badKeyFormat: [401, -2014, 'API-key format invalid.'],
	badKey: [401, -2015, 'Invalid API-key, IP, or permissions for action.'],
	noSuchCoin: [400, -4018, "We don't have this asset."],
	closedForWithdrawal: [400, -4019, 'Current asset is not open for withdrawal.'],
	notAMultiple: [400, -4021, 'Asset withdrawal must be an %s multiple of %s.'],
	tooLittle: [400, -4022, 'Not less than the minimum pick-up quantity %s.'],
	tooMuch: [400, -4023, 'Within 24 hours, the withdrawal exceeds the maximum amount.'],
	insufficientBalance: [400, -4026, 'You have insufficient balance.'],
	belowCommission: [400, -4028, 'The amount of withdrawal must be greater than the Commission.'],
	badAddress: [400, -4033, 'Illegal address.'],
	badInterval: [400, -4047, 'Time interval must be within 0-%s days'],
	stillLocked: [400, -4060, 'As your deposit has not reached the required block confirmations, we have temporarily locked %s asset'],
	maintenance: [503, 1, 'System is under maintenance.'],
} as const satisfies Record<string, readonly [status: number, code: number, words: string]>;

type RefusalName = keyof typeof REFUSALS;

/** Thrown where a request is refused, and answered as Binance does. */
export class Refusal extends Error {
	readonly status: number;
	readonly body: { readonly code: number; readonly msg: string };
	readonly headers: Readonly<Record<string, string>>;

	/** The words' places are filled with `details` in their order. */
	constructor(name: RefusalName, details: readonly (string | number)[] = [], headers: Readonly<Record<string, string>> = {}) {
		const [status, code, words] = REFUSALS[name];
		const left = [...details];
		const msg = words.replace(/%s/g, () => `${left.shift() ?? ''}`);
		super(msg);
		this.status = status;
		this.body = { code, msg };
		this.headers = headers;
	}
}
