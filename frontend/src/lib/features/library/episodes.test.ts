import { describe, expect, it } from 'vitest';
import { isMissing, usualDuration } from './episodes';

const unit = {
	available: true,
	file_path: null,
	is_downloaded: false,
	language: 'ja+de',
	language_source: null,
	queue_status: null
} as const;
const there = { queue_status: null, languages: [unit], is_out: true, is_downloaded: false };

describe('an episode is missing', () => {
	it('when it can be had, is not here and not on its way', () => {
		expect(isMissing(there)).toBe(true);
		expect(isMissing({ ...there, queue_status: 'failed' })).toBe(true);
	});

	it('and not otherwise', () => {
		expect(isMissing({ ...there, is_downloaded: true })).toBe(false);
		expect(isMissing({ ...there, is_out: false })).toBe(false);
		expect(isMissing({ ...there, queue_status: 'paused' })).toBe(false);
		expect(isMissing({ ...there, languages: [{ ...unit, available: false }] })).toBe(false);
	});
});

it('the usual length is the middle one, without specials', () => {
	const lengths = [1400, 1440, 7200, null].map((duration) => ({ duration, season: 1 }));
	expect(usualDuration([...lengths, { duration: 60, season: 0 }])).toBe(1440);
	expect(usualDuration([])).toBeNull();
});
