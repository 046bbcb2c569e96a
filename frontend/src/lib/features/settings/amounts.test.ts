import { expect, it } from 'vitest';
import { GIGABYTE, meant, MEGABYTE, shown } from './amounts';

it('shows what the server keeps in units that can be read', () => {
	expect(shown(2_500_000, MEGABYTE, 'en')).toBe('2.5');
	expect(shown(2_500_000, MEGABYTE, 'de')).toBe('2,5');
	expect(shown(1_234_000_000, MEGABYTE, 'de')).toBe('1234');
	expect(shown(500_000_000, GIGABYTE, 'en')).toBe('0.5');
	expect(shown(0, GIGABYTE, 'en')).toBe('0');
	expect(shown(null, MEGABYTE, 'en')).toBe('');
});

it('takes what is typed, with either decimal sign', () => {
	expect(meant('2.5', MEGABYTE)).toBe(2_500_000);
	expect(meant(' 2,5 ', MEGABYTE)).toBe(2_500_000);
	expect(meant('2.', MEGABYTE)).toBe(2_000_000);
	expect(meant('0', GIGABYTE)).toBe(0);
	expect(meant('', MEGABYTE)).toBeNull();
	expect(meant('fast', MEGABYTE)).toBeNull();
});
