import { describe, expect, it } from 'vitest';
import { ApiError, errorText, fieldErrors, fromAnswer } from './errors';

const answer = (status: number, headers: Record<string, string> = {}) => new Response(null, { status, headers });
const problem = (code: string, more: object = {}) => ({
	type: `/problems/${code}`,
	title: 'Title',
	status: 400,
	detail: 'What the server says.',
	...more
});

describe('the error of an answer', () => {
	it('takes over what a problem says', () => {
		const error = fromAnswer(
			answer(429, { 'Retry-After': '40' }),
			problem('too-many-attempts', { key: 'a-series', errors: [{ field: 'password', message: 'Wrong' }] })
		);
		expect(error).toMatchObject({ status: 429, code: 'too-many-attempts', retryAfter: 40, key: 'a-series' });
		expect(error.transient).toBe(true);
		expect(errorText(error)).toContain('40 seconds');
	});

	it.each([['<html>Bad gateway</html>'], [null], [{ error: 'x' }]])('survives what is no problem: %j', (body) => {
		const error = fromAnswer(answer(502), body);
		expect(error.code).toBe('unexpected');
		expect(errorText(error)).toContain('502');
	});

	it.each([
		[0, true],
		[400, false],
		[401, false],
		[409, false],
		[429, true],
		[503, true]
	])('%d is worth another try: %s', (status, transient) =>
		expect(new ApiError(status, 'x', '').transient).toBe(transient)
	);
});

describe('what a person reads', () => {
	it('is translated where the code is known, else the sentence of the server', () => {
		expect(errorText(fromAnswer(answer(401), problem('wrong-password')))).toBe('The password is wrong.');
		expect(errorText(fromAnswer(answer(400), problem('brand-new')))).toBe('What the server says.');
		expect(errorText(new TypeError('undefined is not a function'))).not.toContain('undefined');
	});

	it('stands at its field', () => {
		const errors = [{ field: 'slots', message: 'At most 8' }];
		expect(fieldErrors(fromAnswer(answer(400), problem('invalid-input', { errors })))).toEqual({ slots: 'At most 8' });
		expect(fieldErrors(new Error('no'))).toEqual({});
	});
});
