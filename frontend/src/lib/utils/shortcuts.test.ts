import { expect, test } from 'vitest';
import { keycaps, Keys, SEQUENCE, spell, type Press } from './shortcuts';

const press = (key: string, held: Partial<Press> = {}): Press => ({
	key,
	ctrlKey: false,
	metaKey: false,
	altKey: false,
	shiftKey: false,
	...held
});

test('a press is spelled as a shortcut is written', () => {
	expect(spell(press('k', { ctrlKey: true }), false)).toBe('mod+k');
	expect(spell(press('K', { metaKey: true }), true)).toBe('mod+k');
	expect(spell(press('X', { shiftKey: true }), false)).toBe('shift+x');
	expect(spell(press('ArrowDown', { shiftKey: true }), false)).toBe('shift+arrowdown');
});

test('a sign is named by itself, whether it needs Shift or not', () => {
	expect(spell(press('?', { shiftKey: true }), false)).toBe('?');
	expect(spell(press('/'), false)).toBe('/');
});

test('what belongs to the system or the browser is left to them', () => {
	expect(spell(press('k', { metaKey: true }), false)).toBeNull();
	expect(spell(press('k', { ctrlKey: true }), true)).toBeNull();
	expect(spell(press('l', { altKey: true }), false)).toBeNull();
	expect(spell(press('Shift', { shiftKey: true }), false)).toBeNull();
});

test('two keys one after the other', () => {
	const keys = new Keys();
	const known = ['g l', 'l', 'mod+k'];
	expect(keys.press('g', known, 0)).toBeNull();
	expect(keys.press('l', known, 500)).toBe('g l');
	expect(keys.press('l', known, 600)).toBe('l');
});

test('too slow is no sequence', () => {
	const keys = new Keys();
	keys.press('g', ['g l'], 0);
	expect(keys.press('l', ['g l'], SEQUENCE + 1)).toBeNull();
});

test('keys as they stand on the keyboard', () => {
	expect(keycaps('mod+k', true)).toEqual(['⌘', 'K']);
	expect(keycaps('mod+shift+enter', false)).toEqual(['Ctrl', 'Shift', '↵']);
	expect(keycaps('g l', false)).toEqual(['G', 'L']);
	expect(keycaps('?', false)).toEqual(['?']);
	expect(keycaps('+', false)).toEqual(['+']);
});
