/** The points at which a process may die, each before a write: what came before is committed, and the rest never happens. */
const POINTS: readonly (readonly [pattern: RegExp, name: string])[] = [
	[/^epoch and /, 'before an effect is claimed'],
	[/^a row of venue and signer/, 'before a lane is opened'],
	[/^nonce committed for approve/, 'before the nonce of an approval commits'],
	[/^nonce committed for send/, 'before the nonce of a send commits'],
	[/^nonce committed for claim/, 'before the nonce of a claim commits'],
	[/^nonce committed for purchase/, 'before the nonce of a purchase commits'],
	[/^nonce committed for reset/, 'before the nonce of a reset commits'],
	[/^signed with nonce/, 'signed, before the bytes commit'],
	[/^broadcastAt and /, 'sent, before that is recorded'],
	[/^status and updatedAt/, 'sent, before it is tracked'],
	[/^foreignSince/, 'before a doubt about a nonce is noted'],
	[/^mined/, 'before what a lane has spent is noted'],
	[/^approve confirmed/, 'an approval mined, before its verdict commits'],
	[/^(send|purchase|claim|reset) confirmed/, 'final, before its verdict commits'],
	[/^(approve|send|purchase|claim|reset) (reverted|cancelled)/, 'come to nothing, before its verdict commits'],
	[/^proven/, 'proven, before the proof commits'],
	[/^delivered/, 'arrived, before the delivery commits'],
	[/^returned/, 'come back, before the return commits'],
	[/^everything has arrived/, 'the last leg done, before the settlement begins'],
	[/^given up/, 'before a leg is given up'],
	[/^planned to cover/, 'before a plan commits'],
	[/^payable now/, 'before a payable demand commits'],
	[/^needs funds/, 'before the planner is woken'],
	[/^the demand has/, 'before a changed demand is followed'],
	[/^due, and no job/, 'before the reconciler wakes'],
	[/^nextActionAt/, 'before the next look is put off'],
	[/^destinations and /, 'before an evaluation is stored'],
	[/^a transaction/, 'before wake-ups are marked as sent, or balances stored'],
];
const OTHER = 'before another write';

export const CRASH_POINTS: readonly string[] = [...POINTS.map(([, name]) => name), OTHER];

/** The crash point before a write: `what` is the reason of its transaction, or the columns that it writes. */
export function pointOf(what: string): string {
	return POINTS.find(([pattern]) => pattern.test(what))?.[1] ?? OTHER;
}
