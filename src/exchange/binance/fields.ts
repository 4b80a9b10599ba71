/** What fields of Binance's answers have to be. */
import { z } from 'zod';
import { isDecimalText } from '../../money/units.ts';

const MOST_CHARS = 100;

/** Amounts come as text. One that comes as a JSON number may have lost digits before anybody could look, so it is not believed. */
export const decimal = z.string().max(MOST_CHARS).refine(isDecimalText, 'is not decimal text');

export const word = z.string().min(1).max(200);

/** Of what can be told, and what may be left out or empty. */
export const maybeWord = z
	.string()
	.max(2_000)
	.nullish()
	.transform((text) => (text === '' || text === undefined ? null : text));

export const moment = z.int().positive();
