import fc from 'fast-check';
import { decodeFunctionResult, encodeFunctionResult, type Hex, multicall3Abi, toHex } from 'viem';
import { expect, it } from 'vitest';
import { balanceIn, readAnswer } from '../../src/chain/balance-calls.ts';

const word = fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }).map((value) => toHex(value, { size: 32 }));
const bytes = fc.uint8Array({ maxLength: 100 }).map((each) => toHex(each));
const result = fc.record({ success: fc.boolean(), returnData: fc.oneof({ weight: 3, arbitrary: word }, bytes) });
/** The block's number, which everything else stands behind. */
const number = word.map((returnData) => ({ success: true, returnData }));

const encoded = (results: readonly { success: boolean; returnData: Hex }[]) =>
	encodeFunctionResult({ abi: multicall3Abi, functionName: 'aggregate3', result: results });
const resultOf = (value: bigint | Hex) => ({ success: true, returnData: typeof value === 'bigint' ? toHex(value, { size: 32 }) : value });
const callsOf = (count: number) => ({ count, data: '0x' as const });

/** What viem's decoder makes of it. */
function expected(data: Hex) {
	return decodeFunctionResult({ abi: multicall3Abi, functionName: 'aggregate3', data }).map(({ success, returnData }) => {
		if (!success) return { problem: `the contract refuses: ${returnData}`, isEmpty: false };
		return returnData.length < 66 ? { problem: 'no contract answers there', isEmpty: true } : BigInt(returnData.slice(0, 66));
	});
}

it('reads a multicall as a general decoder does', () => {
	fc.assert(
		fc.property(number, fc.array(result, { maxLength: 30 }), (at, results) => {
			const data = encoded([at, ...results]);
			const { number: block, answers } = readAnswer(data, callsOf(results.length));
			expect([block, ...answers]).toEqual(expected(data));
		}),
	);
});

it('reads the answer of one call as it does that of one among several', () => {
	fc.assert(
		fc.property(fc.oneof(word, bytes), (returnData) => {
			const { answers } = readAnswer(encoded([1n, returnData].map(resultOf)), callsOf(1));
			expect([balanceIn(returnData)]).toEqual(answers);
		}),
	);
});

it('refuses an answer that ends too early, wherever it is cut', () => {
	const data = encoded([1n, 2n, 3n].map((value) => ({ success: true, returnData: toHex(value, { size: 32 }) })));
	for (let digits = 2; digits < data.length; digits += 1) {
		expect(() => readAnswer(data.slice(0, digits) as Hex, callsOf(2)), `${digits} digits`).toThrow(TypeError);
	}
	expect(readAnswer(data, callsOf(2)).answers).toEqual([2n, 3n]);
});

it('refuses an answer for another number of positions, without its block, or with places and lengths beyond its end', () => {
	const one = { success: true, returnData: toHex(7n, { size: 32 }) };
	expect(() => readAnswer(encoded([one, one]), callsOf(2))).toThrow('answered for 1 of 2 positions');
	expect(() => readAnswer(encoded([]), callsOf(0))).toThrow(TypeError);
	expect(() => readAnswer(encoded([{ success: false, returnData: '0xdead' }]), callsOf(0))).toThrow(
		'does not know its block: the contract refuses: 0xdead',
	);
	const huge = (place: number) => {
		const data = encoded([one, one]);
		return `${data.slice(0, 2 + place * 64)}${'f'.repeat(64)}${data.slice(2 + (place + 1) * 64)}` as Hex;
	};
	// Where the array begins, how long it is, where its first tuple begins, where its bytes begin, and how many they are.
	for (const place of [0, 1, 2, 5, 6]) expect(() => readAnswer(huge(place), callsOf(1)), `word ${place}`).toThrow(TypeError);
});
