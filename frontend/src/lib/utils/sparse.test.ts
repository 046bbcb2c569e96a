import { expect, test } from 'vitest';
import { moved } from './sparse';

const parts = [
	{ offset: 0, items: ['a', 'b', 'c'] },
	{ offset: 3, items: ['d', 'e', 'f'] }
];
const letters = (from: number, to: number) => moved(parts, from, to).map(({ items }) => items.join(''));

test('down, up, and to where it is', () => {
	expect(letters(0, 2)).toEqual(['bca', 'def']);
	expect(letters(5, 0)).toEqual(['fab', 'cde']);
	expect(letters(1, 4)).toEqual(['acd', 'ebf']);
	expect(letters(2, 2)).toEqual(['abc', 'def']);
});

test('what is not here stays as it was', () => {
	expect(moved([{ offset: 3, items: ['d', 'e'] }], 0, 3)).toEqual([{ offset: 3, items: ['d', 'e'] }]);
	expect(moved([{ offset: 0, items: ['a', 'b'] }], 1, 9)).toEqual([{ offset: 0, items: ['a', 'b'] }]);
});

test('the rest of a part is kept', () => {
	expect(moved([{ offset: 0, items: ['a', 'b'], total: 2 }], 0, 1)).toEqual([
		{ offset: 0, items: ['b', 'a'], total: 2 }
	]);
});
