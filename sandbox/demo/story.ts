/** Turns log lines of the product into the sentences that a newcomer reads. */
import type { LogLine } from './processes.ts';

interface PlannedLeg {
	readonly origin: string;
	readonly asset: string;
	/** Bridges, hop by hop. */
	readonly over: readonly string[];
	readonly send: string;
	readonly receive: string;
}

interface Planned {
	readonly venue: string;
	readonly amount: string;
	readonly local: string;
	readonly legs: readonly PlannedLeg[];
}

/** `nameOf` gives a chain's name; the answer is null for lines that are no part of the story. */
export function tell(line: LogLine, nameOf: (venue: string) => string): string | null {
	const at = (venue: unknown) => nameOf(String(venue));
	switch (line.msg) {
		case 'paid at once':
			return `invoice ${short(line.invoice)} is payable now: ${line.amount} USDC on ${at(line.venue)}`;
		case 'earmarked':
			return planned(String(line.invoice), line.plan as Planned, at);
		case 'broadcast':
			return sent(String(line.kind), `on ${at(line.venue)}: ${short(line.tx)}`);
		case 'hop delivered':
			return `leg ${short(line.leg)} ${line.goesOn === true ? 'goes on from' : 'delivered on'} ${at(line.venue)}`;
		case 'hop returned':
			return `leg ${short(line.leg)} came back on ${at(line.venue)}`;
		case 'demand has risen':
		case 'demand has fallen':
			return `earmark ${short(line.earmark)}: its ${line.msg} from ${line.from} to ${line.to} base units on ${at(line.venue)}`;
		case 'topped up':
			return line.plan === null
				? `earmark ${short(line.earmark)} is topped up from what is there`
				: planned(String(line.invoice), line.plan as Planned, at).replace(' is short', ' is topped up');
		case 'top-up refused':
			return `earmark ${short(line.earmark)} cannot be topped up: ${line.reason}, ${line.detail}`;
		case 'earmark gives its funds back':
			return `earmark ${short(line.earmark)} gives its funds back: ${line.reason}`;
		case 'earmark settled':
			return `earmark ${short(line.earmark)} settled on ${at(line.venue)} by intent ${short(line.intent)}`;
		case 'receivable settled':
			return `the hub has settled intent ${short(line.intent)}`;
		case 'waits':
			return `invoice ${short(line.invoice)} waits: ${line.reason}, ${line.detail}`;
		case 'invoice row rejected':
			return `invoice ${short(line.invoice)} rejected: ${line.field} ${line.problem}`;
		default:
			return line.level === 'error' || line.level === 'fatal' ? `${line.process}: ${line.msg} ${String(line.error ?? '')}` : null;
	}
}

function sent(kind: string, where: string): string | null {
	if (kind === 'approve' || kind === 'reset') return null;
	if (kind === 'claim') return `leg claimed ${where}`;
	return `${kind === 'send' ? 'leg' : 'purchase'} sent ${where}`;
}

function planned(invoice: string, plan: Planned, at: (venue: unknown) => string): string {
	const legs = plan.legs.map(({ origin, asset, over, send, receive }) => {
		const what = asset === 'USDC' ? send : `${send} ${asset}`;
		return `${what} from ${at(origin)} over ${over.join(', then ')} (${receive} arrive)`;
	});
	const local = plan.local === '0' ? '' : ` + ${plan.local} already there`;
	return `invoice ${short(invoice)} is short on ${at(plan.venue)}, needs ${plan.amount}: ${legs.join(' + ')}${local}; earmarked`;
}

function short(id: unknown): string {
	const text = String(id);
	return text.length <= 12 ? text : `${text.slice(0, 8)}…`;
}
