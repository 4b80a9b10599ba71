import fc from 'fast-check';
import { CallExecutionError, ExecutionRevertedError } from 'viem';
import { describe, expect, test } from 'vitest';
import { ConfigError, errorText, InvariantError, PermanentError, storableText, TransientError } from '../src/errors.ts';

describe('an error', () => {
	test('carries its class as its name, the ids it is about, and its cause', () => {
		const cause = new Error('socket closed');
		const error = new TransientError('no answer for effect e1', { effectId: 'e1' }, { cause });
		expect(error).toMatchObject({ name: 'TransientError', details: { effectId: 'e1' }, cause });
	});

	test('of the configuration is permanent and names its key', () => {
		const error = new ConfigError('chains.1.name', 'is missing');
		expect(error).toBeInstanceOf(PermanentError);
		expect(error).toMatchObject({ key: 'chains.1.name', message: 'configuration: chains.1.name: is missing' });
	});

	test('is of exactly one of the three classes', () => {
		expect(new InvariantError('x')).not.toBeInstanceOf(PermanentError);
		expect(new TransientError('x')).not.toBeInstanceOf(PermanentError);
	});
});

describe('what is stored of an error', () => {
	test('is its message, or the text of whatever was thrown', () => {
		expect(errorText(new Error('boom'))).toBe('boom');
		expect(errorText('boom')).toBe('boom');
		expect(errorText(undefined)).toBe('undefined');
	});

	test('of a failed query is why it failed, before what was asked, and without its parameters', () => {
		const cause = new Error('connect ECONNREFUSED 127.0.0.1:5432');
		const failed = new Error('Failed query: select 1\n\tfrom  demands\nparams: 0xsecret,2', { cause });
		expect(errorText(failed)).toBe('connect ECONNREFUSED 127.0.0.1:5432 (Failed query: select 1 from demands)');
	});

	test('of several addresses of which none answers is what the first one says', () => {
		expect(errorText(new AggregateError([new Error('connect ECONNREFUSED ::1:5432'), new Error('other')]))).toBe(
			'connect ECONNREFUSED ::1:5432',
		);
	});

	test('of a chain is what went wrong, and not the whole call over many lines', () => {
		const refused = new ExecutionRevertedError({ message: 'execution reverted: too late' });
		const error = new CallExecutionError(refused, { to: `0x${'ab'.repeat(20)}`, data: `0x${'cd'.repeat(500)}` });
		expect(error.message.split('\n').length).toBeGreaterThan(5);
		expect(errorText(error)).toBe('Execution reverted with reason: too late.');
	});

	test('has no NUL and no lone surrogate, which PostgreSQL refuses', () => {
		expect(storableText('a\u0000b\ud800c\u{1f600}')).toBe('ab\ufffdc\u{1f600}');
		fc.assert(
			fc.property(fc.string({ unit: 'binary' }), (text) => {
				const stored = storableText(text + String.fromCharCode(0xdc00));
				expect(stored).not.toContain('\u0000');
				expect(Buffer.from(stored, 'utf8').toString('utf8')).toBe(stored);
			}),
		);
	});

	test('is bounded, and still storable where the bound cuts a character in two', () => {
		const text = errorText(new Error(`${'x'.repeat(1_999)}\u{1f600}`));
		expect(text.length).toBeLessThanOrEqual(2_000);
		expect(Buffer.from(text, 'utf8').toString('utf8')).toBe(text);
	});
});
