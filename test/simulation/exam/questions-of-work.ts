/** Questions about demands, earmarks, legs and holds. */
import { HOLD_TRANSITIONS } from '../../../src/earmark/hold-state.ts';
import { EARMARK_TRANSITIONS } from '../../../src/earmark/state.ts';
import { DEMAND_STATUSES, DEMAND_TRANSITIONS } from '../../../src/invoice/demand-state.ts';
import { LEG_TRANSITIONS } from '../../../src/leg/state.ts';
import { hubAmount } from '../../../src/money/amount.ts';
import {
	assetsToPlan,
	demandIdOfInvoice,
	expectDemandWithin,
	readDemand,
	readOpenDemands,
	recordEvaluation,
	recordWaiting,
	saveInvoice,
	setDemandStatus,
	takeDueDemands,
	unevaluatedDemands,
} from '../../../src/store/demands.ts';
import { endedWithOpenAllowances, takeDue } from '../../../src/store/due.ts';
import {
	activeEarmarkOf,
	expectEarmarkWithin,
	getEarmarkForInvoice,
	insertEarmark,
	insertLeg,
	nextGeneration,
	readEarmark,
	setEarmarkAmount,
	setEarmarkStatus,
	shortEarmarks,
} from '../../../src/store/earmarks.ts';
import { moveHold, placeHolds, readHolds } from '../../../src/store/holds.ts';
import {
	expectLegWithin,
	markOverdue,
	noteLate,
	noteProof,
	passOn,
	readLeg,
	readLegsOf,
	setHopStatus,
	setLegStatus,
} from '../../../src/store/legs.ts';
import type { Chance } from './chance.ts';
import type { InTransaction, OnConnection } from './questions.ts';

/** Rows that are due at the same moment are taken in any order, so it is asked for all of them. */
const ALL = 100;
const invoiceOf = (of: Chance) => of.one(['0xa', '0xb', '0xc', '0xd']);
const waitingOf = (of: Chance) => ({ reason: of.one(['UNPROFITABLE', 'NO_ROUTE'] as const), detail: `${of.below(9)} are missing` });
const demandOf = (of: Chance) => of.id(of.memory.demands);
const earmarkOf = (of: Chance) => of.id(of.memory.earmarks);
const legOf = (of: Chance) => of.id(of.memory.legs);

export const onWork = {
	readDemand: (db, of) => readDemand(db, demandOf(of)),
	demandIdOfInvoice: (db, of) => demandIdOfInvoice(db, invoiceOf(of)),
	readOpenDemands: (db, of) => readOpenDemands(db, of.asset()),
	assetsToPlan: (db) => assetsToPlan(db),
	unevaluatedDemands: (db, of) => unevaluatedDemands(db, of.ms()),
	expectDemandWithin: (db, of) => expectDemandWithin(db, demandOf(of), of.ms()),
	takeDue: (db, of) => takeDue(db, of.one(['legs', 'earmarks']), { limit: ALL, againAfterMs: of.ms() }),
	endedWithOpenAllowances: (db, of) => endedWithOpenAllowances(db, of.ms()),
	readEarmark: (db, of) => readEarmark(db, earmarkOf(of)),
	activeEarmarkOf: (db, of) => activeEarmarkOf(db, demandOf(of)),
	shortEarmarks: (db, of) => shortEarmarks(db, of.asset()),
	expectEarmarkWithin: (db, of) => expectEarmarkWithin(db, earmarkOf(of), of.ms()),
	getEarmarkForInvoice: (db, of) => getEarmarkForInvoice(db, invoiceOf(of)),
	readHolds: (db, of) => readHolds(db, earmarkOf(of)),
	readLeg: (db, of) => readLeg(db, legOf(of)),
	readLegsOf: (db, of) => readLegsOf(db, earmarkOf(of)),
	expectLegWithin: (db, of) => expectLegWithin(db, legOf(of), of.ms()),
} satisfies Record<string, OnConnection>;

export const inWork = {
	saveInvoice: (tx, of) => {
		const intentId = invoiceOf(of);
		const listed = { owner: '0x1', tickerHash: '0x2', origin: of.venue(), destinations: [...of.venue()], discountBps: String(of.below(9)) };
		const asset = intentId === '0xd' ? 'WETH' : 'USDC';
		return saveInvoice(tx, {
			intentId,
			asset,
			...listed,
			amountHub: hubAmount(of.units()),
			hubStatus: 'INVOICED',
			enqueuedAt: of.below(3),
		});
	},
	takeDueDemands: (tx, of) => takeDueDemands(tx, { limit: 1 + of.below(3), againAfterMs: of.ms() }),
	recordEvaluation: (tx, of) =>
		recordEvaluation(tx, {
			...{ demandId: demandOf(of), destinations: [{ venue: of.venue(), amount: of.units() }], waiting: waitingOf(of), nextLookMs: of.ms() },
			maxCost: of.one([null, hubAmount(of.units())]),
		}),
	recordWaiting: (tx, of) => recordWaiting(tx, demandOf(of), of.one([null, waitingOf(of)])),
	setDemandStatus: (tx, of) =>
		setDemandStatus(tx, {
			...{ ...of.change(of.memory.demands, DEMAND_TRANSITIONS), reason: of.one([null, 'PURCHASED']) },
			...(of.seldom() ? { from: [of.one(DEMAND_STATUSES)] } : {}),
		}),
	insertEarmark: (tx, of) => {
		const { id, asset } = of.row(of.memory.demands);
		return insertEarmark(tx, { demandId: id, asset, venue: of.venue(), amount: of.units(), plan: { cost: '1.5', legs: [] } });
	},
	setEarmarkStatus: (tx, of) =>
		setEarmarkStatus(tx, { ...of.change(of.memory.earmarks, EARMARK_TRANSITIONS), ...of.one([{}, { reason: 'ROSE' }]) }),
	nextGeneration: (tx, of) => nextGeneration(tx, earmarkOf(of)),
	setEarmarkAmount: (tx, of) => setEarmarkAmount(tx, earmarkOf(of), of.units()),
	insertLeg: (tx, of) => {
		const { id, asset, venue } = of.row(of.memory.earmarks);
		const units = { send: of.units(), receive: of.units() };
		const hop = { bridge: 'model', ...units, seconds: 5 };
		const hops = [
			{ ...hop, origin: of.venue(), destination: '56', asset, toAsset: 'WETH', promised: { receive: `${units.receive}`, feeBps: '0.5' } },
			{ ...hop, origin: '56', destination: venue, asset: 'WETH', toAsset: asset },
		];
		const route = of.one(['model-1-10-USDC', 'claiming-1-10-USDC']);
		return insertLeg(tx, id, { route, asset, origin: of.venue(), destination: venue, ...units, hops, spend: null });
	},
	placeHolds: (tx, of) => {
		const { id, asset, venue } = of.row(of.memory.earmarks);
		const legId = of.memory.legs.find(({ earmarkId }) => earmarkId === id)?.id ?? null;
		const hold = { earmarkId: id, asset, amount: of.units() };
		return placeHolds(tx, [
			{ ...hold, legId: null, venue, state: of.one(['confirmed', 'inbound']) },
			{ ...hold, legId, venue: of.venue(), state: 'inbound' },
		]);
	},
	moveHold: (tx, of) =>
		moveHold(tx, {
			...of.change(
				of.memory.holds.map(({ id, state }) => ({ id, status: state })),
				HOLD_TRANSITIONS,
			),
			...of.one([{}, { amount: of.units() }, { leftAtBlock: of.block() }]),
		}),
	setLegStatus: (tx, of) =>
		setLegStatus(tx, { ...of.change(of.memory.legs, LEG_TRANSITIONS), ...of.one([{}, { delivered: of.units(), reason: 'REVERTED' }]) }),
	setHopStatus: (tx, of) =>
		setHopStatus(tx, {
			...of.change(of.memory.hops, LEG_TRANSITIONS),
			...of.one([{}, { delivered: of.units(), deliveredTx: of.hash() }, { evidence: { tx: of.hash(), at: '7' } }]),
		}),
	passOn: (tx, of) => passOn(tx, { id: of.id(of.memory.hops), send: of.units(), receive: of.units() }),
	noteProof: async (tx, of) => {
		const leg = await readLeg(tx, of.row(of.memory.hops, ({ status }) => status === 'in_flight').legId);
		const hop = of.row(leg.hops, ({ status }) => status === 'in_flight');
		return noteProof(tx, { leg, hop: of.seldom() ? { ...hop, proof: null } : hop, proof: { tx: of.hash() } });
	},
	noteLate: (tx, of) =>
		noteLate(
			tx,
			of.id(of.memory.hops, ({ status }) => status === 'in_flight'),
			of.below(9),
		),
	markOverdue: async (tx, of) =>
		markOverdue(
			tx,
			await readLeg(
				tx,
				of.id(of.memory.legs, ({ status }) => status === 'in_flight'),
			),
		),
} satisfies Record<string, InTransaction>;
