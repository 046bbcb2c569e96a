import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

type Messages = Record<string, string | { match: Record<string, string> }[]>;

const root = new URL('../../../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), 'utf8');
const locales = readdirSync(new URL('messages', root)).map((name) => name.replace('.json', ''));
const messages = Object.fromEntries(
	locales.map((locale) => [locale, JSON.parse(read(`messages/${locale}.json`)) as Messages])
);
const base = messages.en as Messages;

const texts = (value: Messages[string] | undefined): string[] =>
	typeof value === 'string' ? [value] : (value ?? []).flatMap(({ match }) => Object.values(match));
const names = (value: Messages[string] | undefined) =>
	[...new Set(texts(value).flatMap((text) => text.match(/\{\w+\}/g) ?? []))].sort();

const sources = readdirSync(new URL('src', root), { recursive: true, encoding: 'utf8' })
	.filter((path) => /\.(svelte|ts)$/.test(path) && !/generated|paraglide|\.test\.ts$/.test(path))
	.map((path) => read(`src/${path}`))
	.join('\n');

it('knows more than one language', () => expect(locales.length).toBeGreaterThan(1));

it.each(locales)('%s says everything, with the same gaps to fill', (locale) => {
	expect(Object.keys(messages[locale] ?? {})).toEqual(Object.keys(base));
	for (const [key, value] of Object.entries(messages[locale] ?? {})) {
		expect(
			texts(value).every((text) => text.trim() !== ''),
			key
		).toBe(true);
		expect(names(value), key).toEqual(names(base[key]));
	}
});

it('says nothing that nobody asks for', () => {
	const unused = Object.keys(base).filter((key) => !new RegExp(`\\bm\\.${key}\\b`).test(sources));
	expect(unused).toEqual([]);
});

it('has words for every error code that it lists, under the name of the code', () => {
	const listed = [...sources.matchAll(/'?([a-z-]+)'?: \([a-z]*\) =>\s+m\.(error_\w+)\(/g)];
	expect(listed.length).toBeGreaterThan(20);
	for (const [, code, key] of listed) expect(key).toBe(`error_${code?.replaceAll('-', '_')}`);
});
