import { describe, expect, it } from 'vitest';
import { difference } from './difference';

const told = (parts: { text: string; changed: boolean }[]) =>
	parts.map(({ text, changed }) => (changed ? `[${text}]` : text)).join('');

describe('difference', () => {
	it.each([
		['Staffel 1/a.mkv', 'Season 01/a.mkv', '[Staffel 1]/a.mkv', '[Season 01]/a.mkv'],
		['same.mkv', 'same.mkv', 'same.mkv', 'same.mkv'],
		['Show.mkv', 'Show - S01E01.mkv', 'Show.mkv', 'Show[ - S01E01].mkv'],
		['aa', 'aaa', '[aa]', '[aaa]'],
		['x - x', 'x - x - x', 'x - x', 'x - x[ - x]'],
		['', 'new', '', '[new]'],
		['時計 1.mkv', '時計 01.mkv', '時計 [1].mkv', '時計 [01].mkv']
	])('%s → %s', (before, after, left, right) => {
		const parts = difference(before, after);
		expect([told(parts.before), told(parts.after)]).toEqual([left, right]);
	});
});
