/**
 * From bytes to what JSON says. `JSON.parse` does not tell `1.0` from `1`, so numbers written in another form than plain
 * digits are made negative, which is legal nowhere in a plan file: whoever reads the value refuses it at its place.
 */
import { isUtf8 } from 'node:buffer';
import { PlanFileError } from './spot.ts';

/**
 * Throws `PlanFileError` for bytes that are not UTF-8, text with a byte order mark, and anything that is not JSON. May write
 * into `bytes`.
 */
export function parseJsonBytes(bytes: Buffer): unknown {
	if (!isUtf8(bytes)) throw new PlanFileError('$', 'is not JSON: not UTF-8');
	const value = parse(bytes);
	return spoilForeignNumbers(bytes) ? parse(bytes) : value;
}

function parse(bytes: Buffer): unknown {
	try {
		return JSON.parse(bytes.toString('utf8'));
	} catch {
		// The engine's message repeats what stands there, which need not fit a line.
		throw new PlanFileError('$', 'is not JSON');
	}
}

const [QUOTE, BACKSLASH, MINUS, ZERO, ONE, NINE, SPACE] = [0x22, 0x5c, 0x2d, 0x30, 0x31, 0x39, 0x20];
/** What a number may have besides digits. */
const FOREIGN = new Set(Buffer.from('-+.eE'));

/** Whether there was any. The bytes are known to be JSON; even the shortest such number, `-0`, has room for `-1`. */
function spoilForeignNumbers(bytes: Buffer): boolean {
	let found = false;
	let index = 0;
	while (index < bytes.length) {
		const byte = bytes[index] ?? 0;
		if (byte === QUOTE) index = afterString(bytes, index);
		else if (byte === MINUS || isDigit(byte)) {
			const end = afterNumber(bytes, index);
			if (afterDigits(bytes, index) < end) {
				bytes.fill(SPACE, index, end);
				bytes[index] = MINUS;
				bytes[index + 1] = ONE;
				found = true;
			}
			index = end;
		} else index += 1;
	}
	return found;
}

function afterString(bytes: Buffer, quote: number): number {
	let index = quote + 1;
	while (bytes[index] !== QUOTE) index += bytes[index] === BACKSLASH ? 2 : 1;
	return index + 1;
}

function afterDigits(bytes: Buffer, start: number): number {
	let index = start;
	while (isDigit(bytes[index] ?? 0)) index += 1;
	return index;
}

function afterNumber(bytes: Buffer, start: number): number {
	let index = start;
	while (isDigit(bytes[index] ?? 0) || FOREIGN.has(bytes[index] ?? 0)) index += 1;
	return index;
}

function isDigit(byte: number): boolean {
	return byte >= ZERO && byte <= NINE;
}
