/** What the oracle of `sandbox/oracle` says of a run. */
import { checkSettledBooks } from '../../../sandbox/oracle/booked.ts';
import { judge, type OracleChain } from '../../../sandbox/oracle/chains.ts';
import { accountsSince, exchangeBook } from '../../../sandbox/oracle/openings.ts';
import { checkSent } from '../../../sandbox/oracle/sent.ts';
import type { Product } from '../../product.ts';
import type { Game } from './faults.ts';

export interface Judged {
	/** Broken invariants, in words. */
	readonly violations: readonly string[];
	readonly duplicateEffects: number;
	/** Requests that a service has taken twice under one key. */
	readonly providerDuplicates: number;
	readonly lostFunds: boolean;
}

/** Of a run that still moves only what can be said of one that does: whether something happened twice. */
export async function judgeRun(
	{ game, product, before }: { game: Game; product: Product; before: readonly OracleChain[] },
	isAtRest: boolean,
): Promise<Judged> {
	const { world, complaints } = game;
	const verdict = await judge(before, world.wallet, { book: world.everclear.book(), exchange: exchangeBook(world) });
	const providerDuplicates = world.binance?.duplicates ?? 0;
	const { duplicateEffects } = verdict;
	const twice = [
		...(duplicateEffects === 0 ? [] : [`${duplicateEffects} effects happened twice`]),
		...(providerDuplicates === 0 ? [] : [`${providerDuplicates} requests were carried out twice`]),
	];
	if (!isAtRest) return { violations: [...complaints, ...twice], duplicateEffects, providerDuplicates, lostFunds: false };
	const books = (await checkSettledBooks(product.sql, { world, before })).filter((each) => !isForeign(game, each));
	const sent = (await checkSent(product.sql, accountsSince(world, before), world.wallet)).filter((each) => !isForeignCall(game, each));
	const isLost = !verdict.conserved || books.some((each) => each.startsWith('the ledger says') || each.startsWith('posting'));
	return {
		violations: [...complaints, ...verdict.problems, ...books, ...sent, ...twice],
		duplicateEffects,
		providerDuplicates,
		lostFunds: isLost,
	};
}

/** What somebody else has sent was never written down before, and its nonce has no owner, unless an effect had it. */
function isForeign({ foreign, world }: Game, problem: string): boolean {
	return foreign.some(
		({ venue, nonce, hash }) =>
			problem === `lane of ${world.wallet} on ${venue}: nonce ${nonce} has no owner` ||
			(problem.startsWith('effect ') && problem.endsWith(` was mined in ${hash}, which was never written down`)),
	);
}

/** It may call anybody: nobody of ours has signed it. */
function isForeignCall({ foreign }: Game, problem: string): boolean {
	return foreign.some(({ hash }) => problem.startsWith(`transaction ${hash} `));
}
