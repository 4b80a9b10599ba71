/** Lanes of nonces: what is under way on each, and what a person decides about them. Works while all is stopped and queues and chains are down. */
import { userInfo } from 'node:os';
import { Command, InvalidArgumentError } from 'commander';
import { type Address, getAddress, isAddress } from 'viem';
import { readOpenEffects } from '../store/lane-history.ts';
import { type Lane, nameSpender, readLanes, requestCancel, thawLane } from '../store/lanes.ts';
import { sentence } from './arguments.ts';
import { withStore } from './with-store.ts';

const RUN = 'npm run -s ballast -- lanes';
const EFFECT = '6f0c4a1e-8b7d-4c55-9a63-0d2f7f1f9d11';

export function lanes(): Command {
	return new Command('lanes')
		.description('list the lanes of nonces, cancel a transaction, thaw a frozen lane')
		.addCommand(listVerb())
		.addCommand(cancelVerb())
		.addCommand(thawVerb());
}

function listVerb(): Command {
	return new Command('list')
		.description('every lane with its next nonce, why it is frozen, and the transactions that have a nonce and no verdict')
		.option('--json', 'one JSON line')
		.addHelpText('after', `\nExample:\n  ${RUN} list`)
		.action(async ({ json }: { json?: boolean }) => {
			const found = await withStore(async ({ db }) => {
				const open = await readOpenEffects(db);
				return (await readLanes(db)).map((lane) => ({
					...{ venue: lane.venue, signer: lane.signer, next: `${lane.next}`, frozen: lane.frozen },
					open: open.filter(({ venue, signer }) => venue === lane.venue && signer === lane.signer),
				}));
			});
			say({ json }, found, found.flatMap(linesOf).join('\n') || 'no lane has been opened yet');
		});
}

type Listed = Pick<Lane, 'venue' | 'signer' | 'frozen'> & {
	readonly next: string;
	readonly open: Awaited<ReturnType<typeof readOpenEffects>>;
};

function linesOf({ venue, signer, next, frozen, open }: Listed): string[] {
	return [
		`${signer} on ${venue}: next nonce ${next}${frozen === null ? '' : `, FROZEN: ${frozen}`}`,
		...open.map(({ nonce, kind, status, effect, attempts, seconds, cancelRequested, isSuspect, refusal }) => {
			const more = `${cancelRequested ? ', to be cancelled' : ''}${isSuspect ? ', its nonce seems spent by a stranger' : ''}${refusal === null ? '' : `, the node says: ${refusal}`}`;
			return `  ${nonce} ${kind} ${status} for ${seconds} s, signed ${attempts} times${more}: effect ${effect}`;
		}),
	];
}

interface ChangeOptions {
	readonly reason: string;
	readonly actor: string;
	readonly json?: boolean;
}

function cancelVerb(): Command {
	return change('cancel', 'have the nonce of an effect spent by an empty transaction; what is mined first decides')
		.argument('<effect id>', 'as in the list', effectId)
		.option(
			'--spent-by <hash>',
			'a transaction that is not of Ballast has spent the nonce: this one, as the chain will be asked to confirm',
			txHash,
		)
		.addHelpText(
			'after',
			`\nExamples:\n  ${RUN} cancel ${EFFECT} --reason "bridge incident"\n  ${RUN} cancel ${EFFECT} --spent-by 0x… --reason "sent by hand"`,
		)
		.action(async (effect: string, { spentBy, reason, actor, json }: ChangeOptions & { spentBy?: string }) => {
			const cause = { actor, reason };
			await withStore(({ db }) =>
				spentBy === undefined ? requestCancel(db, effect, cause) : nameSpender(db, { effectId: effect, hash: spentBy }, cause),
			);
			const says =
				spentBy === undefined
					? `effect ${effect} is to be cancelled: a worker spends its nonce by an empty transaction, unless its own is mined first`
					: `effect ${effect} ends once the chain confirms that ${spentBy} has spent its nonce`;
			say({ json }, { effect, spentBy: spentBy ?? null, ...cause }, says);
		});
}

function thawVerb(): Command {
	return change('thaw', 'let a frozen lane go on, after a person has looked')
		.requiredOption('--venue <id>', 'chain id')
		.requiredOption('--signer <address>', 'as in the list', address)
		.option('--next <nonce>', 'the nonce to go on with, when others have spent nonces beyond it; never lower than it is', nonce)
		.addHelpText('after', `\nExample:\n  ${RUN} thaw --venue 10 --signer 0x… --reason "a transfer by hand, no more to come"`)
		.action(async ({ venue, signer, next, reason, actor, json }: ChangeOptions & { venue: string; signer: Address; next?: bigint }) => {
			await withStore(({ db }) => thawLane(db, { venue, signer }, { next: next ?? null, actor, reason }));
			say({ json }, { venue, signer, next: next?.toString() ?? null, actor, reason }, `the lane of ${signer} on ${venue} goes on`);
		});
}

/** An option set that both changes share. */
function change(name: string, description: string): Command {
	return new Command(name)
		.description(description)
		.requiredOption('--reason <text>', 'why; kept for ever beside who and when', sentence)
		.option('--actor <name>', 'who', userInfo().username)
		.option('--json', 'one JSON line');
}

function say({ json }: { readonly json?: boolean | undefined }, value: object, text: string): void {
	process.stdout.write(`${json === true ? JSON.stringify(value) : text}\n`);
}

function effectId(text: string): string {
	if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text))
		throw new InvalidArgumentError("Expected an effect's id, as in the list.");
	return text.toLowerCase();
}

function txHash(text: string): string {
	if (!/^0x[0-9a-f]{64}$/i.test(text)) throw new InvalidArgumentError('Expected a transaction hash of 32 bytes in hex.');
	return text.toLowerCase();
}

function address(text: string): Address {
	if (!isAddress(text, { strict: false })) throw new InvalidArgumentError('Expected a 20-byte hex address.');
	return getAddress(text);
}

function nonce(text: string): bigint {
	if (!/^(0|[1-9][0-9]{0,15})$/.test(text)) throw new InvalidArgumentError('Expected a nonce, a whole number.');
	return BigInt(text);
}
