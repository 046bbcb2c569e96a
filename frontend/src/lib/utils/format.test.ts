import { describe, expect, it } from 'vitest';
import * as format from './format';

/** Intl separates by no-break spaces of several kinds; what is compared here is the words. */
const plain = (text: string) => text.replace(/[\u00a0\u202f]/g, ' ');

describe('bytes and speed', () => {
	it.each([
		[0, '0 byte'],
		[999, '999 byte'],
		[1000, '1 kB'],
		[1_254_000, '1.25 MB'],
		[12_540_000, '12.5 MB'],
		[125_400_000, '125 MB'],
		[999_600_000, '1 GB'],
		[5e15, '5,000 TB']
	])('%d is %s', (value, text) => expect(plain(format.bytes(value, 'en'))).toBe(text));

	it('speaks German', () => expect(plain(format.bytes(1_254_000, 'de'))).toBe('1,25 MB'));
	it('does not show negative sizes', () => expect(plain(format.bytes(-5, 'en'))).toBe('0 byte'));
	it('keeps the width of a changing speed', () => {
		expect(plain(format.speed(3_000_000, 'en'))).toBe('3.0 MB/s');
		expect(plain(format.speed(3_449_000, 'en'))).toBe('3.4 MB/s');
	});
});

describe('percent', () => {
	it.each([
		[0, '0%'],
		[41.9, '41%'],
		[99.96, '99%'],
		[100, '100%'],
		[130, '100%'],
		[-2, '0%']
	])('%d is %s', (value, text) => expect(plain(format.percent(value, 'en'))).toBe(text));
});

describe('duration', () => {
	it.each([
		[0, '0 sec'],
		[59, '59 sec'],
		[119, '119 sec'],
		[120, '2 min'],
		[3599, '1 hr'],
		[3900, '1 hr 5 min'],
		[90_000, '1 day 1 hr'],
		[-4, '0 sec']
	])('%d seconds are %s', (value, text) => expect(plain(format.duration(value, 'en'))).toBe(text));
});

describe('dates', () => {
	it('does not move a plain date across midnight', () => {
		expect(format.date('2021-04-01', 'en')).toBe('Apr 1, 2021');
	});

	it.each([
		[-30, 'now'],
		[-3700, '1 hour ago'],
		[86_400 * 2, 'in 2 days'],
		[-86_400 * 400, 'last year']
	])('%d seconds away is %s', (seconds, text) => {
		const now = Date.UTC(2026, 0, 10);
		expect(format.ago(new Date(now + seconds * 1000).toISOString(), 'en', now)).toBe(text);
	});
});

describe('languages', () => {
	it('names and shortens them', () => {
		expect(format.languageParts('ja+en')).toEqual({ audio: 'ja', subtitles: 'en' });
		expect(format.languageParts('de')).toEqual({ audio: 'de', subtitles: null });
		expect(format.languageShort('ja+pt-BR')).toBe('JA · PT');
		expect(format.languageName('ja', 'de')).toBe('Japanisch');
	});

	it('survives what is no language', () => expect(format.languageName('!!', 'en')).toBe('!!'));
});

describe('names', () => {
	it('numbers episodes', () => {
		expect(format.episodeCode(1, 5)).toBe('S01E05');
		expect(format.episodeCode(0, 1071)).toBe('S00E1071');
	});

	it('tells browsers apart', () => {
		expect(
			format.agent('Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/146.0 Safari/537.36')
		).toBe('Chrome · Linux');
		expect(format.agent('Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) Version/19.1 Safari/604.1')).toBe(
			'Safari · iOS'
		);
		expect(format.agent('python-httpx/0.28.1')).toBe('python-httpx');
		expect(format.agent('')).toBe('');
	});

	it('gives a name its hue', () => {
		expect(format.hue('Tide and Ember')).toBe(format.hue('Tide and Ember'));
		expect(format.hue('a')).not.toBe(format.hue('b'));
	});
});

describe('times and days of the week', () => {
	it('names a time within the next days', () => {
		const sunday = new Date(2026, 5, 7, 6, 30).toISOString();
		expect(plain(format.clock(sunday, 'de'))).toBe('So., 06:30');
	});

	it('begins the week on Monday', () => {
		expect(format.weekdays('en')).toEqual(['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']);
		expect(format.weekdays('de')).toEqual(['Mo', 'Di', 'Mi', 'Do', 'Fr', 'Sa', 'So']);
	});
});
