/** Across: the relayer fills when it is told to, and the API may say what it likes. */
import { spokePoolAbi } from '../../../sandbox/chains/abi.ts';
import { nonsense, when } from '../../../sandbox/http/misbehave.ts';
import { eventually } from '../../sandbox/eventually.ts';
import type { OpenStand } from '../stand.ts';

const OTHER_TX = `0x${'ab'.repeat(32)}`;
const STATUS = /^\/deposit\/status$/;

export const openAcross: OpenStand = (world) => {
	const { relayer } = world.across;
	const origin = world.chain('1');
	const isDone = async () => {
		const count = await origin.client.readContract({ address: origin.spokePool, abi: spokePoolAbi, functionName: 'numberOfDeposits' });
		const ended = [...relayer.deposits.values()].filter((each) => each.origin === origin && (each.fillTx ?? each.refundTx) !== null);
		return ended.length >= count;
	};
	return {
		bridge: 'across',
		origin: { venue: origin.id, asset: 'USDC' },
		destination: { venue: '10', asset: 'USDC' },
		amount: '100',
		api: world.across,
		lies: {
			'filled by a transaction that is none': when('GET', STATUS, nonsense({ status: 'filled', fillTx: OTHER_TX })),
			'refunded although it was not': when('GET', STATUS, nonsense({ status: 'refunded', depositRefundTxHash: OTHER_TX })),
			'another deposit': when('GET', STATUS, nonsense({ status: 'pending', depositId: '999999' })),
		},
		fund: (tokenUnits) => world.fund(origin.id, tokenUnits),
		hold() {
			relayer.ignore = () => true;
		},
		async release() {
			relayer.ignore = () => false;
			await eventually('every deposit is filled', isDone);
		},
		claimFirst: null,
		async spoil() {
			world.across.setFee(origin.id, '10', { gas: '5' });
		},
	};
};
