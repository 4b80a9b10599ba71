/** What lies between the product and the outside: the exam hangs up sooner than the product would, and bends what comes back. */

export interface Wire {
	/** Milliseconds after which a request is given up; null leaves it to the product. */
	patienceMs: number | null;
	/** Makes another answer of the JSON that came back from a URL; null hands on what comes. */
	bend: Bend | null;
	/** Hands the machine's own fetch back. */
	restore(): void;
}

export type Bend = (url: string, body: unknown) => unknown;

/** Only requests to the product's own endpoints are touched, never those by which the sandbox speaks to itself. */
export function tapWire(isTapped: (url: string) => boolean): Wire {
	const untouched = globalThis.fetch;
	const wire: Wire = {
		patienceMs: null,
		bend: null,
		restore() {
			globalThis.fetch = untouched;
		},
	};
	globalThis.fetch = async (input, init) => {
		const url = input instanceof Request ? input.url : String(input);
		if (!isTapped(url)) return untouched(input, init);
		const { patienceMs, bend } = wire;
		const response = await untouched(input, patienceMs === null ? init : { ...init, signal: hurried(patienceMs, init?.signal) });
		return bend === null || !response.ok ? response : bent(bend, url, response);
	};
	return wire;
}

function hurried(ms: number, given: AbortSignal | null | undefined): AbortSignal {
	const signal = AbortSignal.timeout(ms);
	return given == null ? signal : AbortSignal.any([given, signal]);
}

async function bent(bend: Bend, url: string, response: Response): Promise<Response> {
	const { status, headers } = response;
	return Response.json(bend(url, await response.json()), { status, headers: { 'content-type': headers.get('content-type') ?? '' } });
}

/** Every list holds everything twice. */
export function doubled(body: unknown): unknown {
	return eachList(body, (list) => list.flatMap((each) => [each, each]));
}

/** Every list backwards, and of each URL the answer before this one: answers have overtaken each other. */
export function disordered(): Bend {
	const before = new Map<string, unknown>();
	return (url, body) => {
		const overtaken = before.get(url) ?? body;
		before.set(url, body);
		return eachList(overtaken, (list) => list.toReversed());
	};
}

function eachList(value: unknown, change: (list: readonly unknown[]) => unknown[]): unknown {
	if (Array.isArray(value)) return change(value).map((each) => eachList(each, change));
	if (typeof value !== 'object' || value === null) return value;
	return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, eachList(each, change)]));
}
