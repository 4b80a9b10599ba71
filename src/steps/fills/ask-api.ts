/** What an API says of the tokens: compared with the chain while that is not relied on yet, and a stand-in for it while it is lost. Never the chain's truth. */
import type { Address } from 'viem';
import { errorText } from '../../errors.ts';
import { isLost } from '../../health/gate.ts';
import { type ChainPosition, positionKey } from '../../inventory/venue.ts';
import { ZERO } from '../../money/amount.ts';
import { type ApiPositions, readApiPositions } from '../../positions/client.ts';
import { type Feed, judgedOf, positionsOf, tell } from './feed.ts';
import type { Read, Round } from './look.ts';

/** Whether any market has lost its chain. */
const isAnyLost = ({ gates, ports }: Feed): boolean =>
	judgedOf(ports).some(({ name, settings }) => {
		const gate = gates.get(name);
		return gate !== undefined && isLost(gate, settings);
	});

/** Null when nobody needs it now. What it says that cannot be is `impossible`, where it stands in for the chain. */
export async function askApi(feed: Feed): Promise<Round | null> {
	const { config } = feed.ports;
	const apiUrl = config.inventory.positionsApiUrl;
	const isLostNow = isAnyLost(feed);
	if (apiUrl === null || (!isLostNow && config.fills.phase !== 'shadow')) return null;
	const positions = [...positionsOf(feed.ports).values()].flat();
	const answers = await answersOf(feed, positions, apiUrl);
	const reads = positions.flatMap((each): [string, Read][] => {
		const answer = answers.get(each.holder);
		if (answer === undefined) return [];
		note(feed, each, answer);
		const [problem] = isLostNow ? answer.impossible : [];
		return problem === undefined ? [] : [[positionKey(each), { kind: 'impossible', problem }]];
	});
	return new Map(reads);
}

async function answersOf(feed: Feed, positions: readonly ChainPosition[], apiUrl: string): Promise<ReadonlyMap<Address, ApiPositions>> {
	const answers = new Map<Address, ApiPositions>();
	await Promise.all(
		[...new Set(positions.map(({ holder }) => holder))].map(async (holder) => {
			try {
				const answer = await readApiPositions(holder, { apiUrl });
				answers.set(holder, answer);
				const [problem] = answer.rejected;
				tell(
					feed,
					{ holder, api: apiUrl },
					problem === undefined ? null : `${answer.rejected.length} rows were not understood: ${problem}`,
				);
			} catch (error) {
				tell(feed, { holder, api: apiUrl }, errorText(error));
			}
		}),
	);
	return answers;
}

/** A token that is not in a list which may not be whole is not known, and what was known of it stands. */
function note({ book, said, counter, ports }: Feed, { venue, asset, token }: ChainPosition, answer: ApiPositions): void {
	if (token.kind !== 'erc1155') return;
	const listed = answer.byId.get(token.id);
	if (listed === undefined && !answer.isComplete) return;
	const units = listed ?? ZERO;
	said.set(positionKey({ venue, asset }), { units, atMs: ports.nowMs() });
	const { confirmed } = book.at({ venue, asset });
	if (confirmed === null) return;
	const worst = confirmed > units ? confirmed - units : units - confirmed;
	counter.add({ venue, asset }, { compared: 1, differed: worst > 0n ? 1 : 0, worst });
}
