/** The field types of the Everclear API, checked one by one: numbers are text, chains are domains, ids are 32 bytes. */
import type { Hex } from 'viem';
import { z } from 'zod';
import { hubAmount, MAX_UINT256 } from '../money/amount.ts';
import { isDecimalText } from '../money/units.ts';

/** A 32-byte id or hash, in lower case so that two spellings are one. */
export const bytes32 = z
	.string()
	.regex(/^0x[0-9a-fA-F]{64}$/, 'is not a 32-byte hex value')
	.transform((text) => text.toLowerCase() as Hex);

/** 18-decimal hub units as decimal text. Zero is a number; what it means is for the reader to say. */
export const hubUnits = z
	.string('is not decimal text')
	.regex(/^(0|[1-9][0-9]*)$/, { error: 'is not a whole number as decimal text', abort: true })
	.refine((text) => text.length <= 78 && BigInt(text) <= MAX_UINT256, 'is larger than a uint256')
	.transform((text) => hubAmount(BigInt(text)));

/** A domain is a chain id; the API writes it as text, some versions as a number. */
export const domain = z
	.union([z.string(), z.number()])
	.transform(String)
	.refine((text) => /^[1-9][0-9]{0,9}$/.test(text) && Number(text) <= 0xffff_ffff, 'is not a domain');

/** The year 3000: what is larger is milliseconds, or no time at all. */
const MAX_UNIX_SECONDS = 32_503_680_000;

/** Unix seconds: text by the API's description, a number in practice. */
export const unixSeconds = z
	.union([z.string().regex(/^[0-9]{1,15}$/, 'is not a number of seconds'), z.number()])
	.transform(Number)
	.refine((seconds) => Number.isInteger(seconds) && seconds >= 0 && seconds <= MAX_UNIX_SECONDS, 'is not a time in whole Unix seconds');

/** Basis points, possibly fractional: text or a number. */
export const discountBps = z
	.union([z.string(), z.number()])
	.transform(String)
	.refine(isDecimalText, 'is not a decimal number of basis points');
