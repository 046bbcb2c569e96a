/** Numbers as a person types them, in units that can be read, and as the server keeps them. Pure. */

export const MEGABYTE = 1_000_000;
export const GIGABYTE = 1_000_000_000;

/** `2.5` for 2,500,000 in megabytes, `2,5` in German; empty for nothing. */
export function shown(value: number | null, unit: number, locale: string): string {
	if (value === null) return '';
	return new Intl.NumberFormat(locale, { maximumSignificantDigits: 4, useGrouping: false }).format(value / unit);
}

/** What is typed, in the server's unit, with either decimal sign; null where there is nothing or no number. */
export function meant(text: string, unit: number): number | null {
	const value = Number(text.trim().replace(',', '.'));
	return text.trim() === '' || Number.isNaN(value) ? null : Math.round(value * unit);
}
