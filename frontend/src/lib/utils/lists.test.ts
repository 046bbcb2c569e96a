import { expect, it } from 'vitest';
import { moved } from './lists';

it.each([
	[0, 1, ['b', 'a', 'c']],
	[2, -1, ['a', 'c', 'b']],
	[0, -1, ['a', 'b', 'c']],
	[2, 1, ['a', 'b', 'c']]
])('the one at %i moves by %i', (index, by, now) => {
	const before = ['a', 'b', 'c'];
	expect(moved(before, index, by)).toEqual(now);
	expect(before).toEqual(['a', 'b', 'c']);
});
