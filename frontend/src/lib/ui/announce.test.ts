import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Announcer } from './announce.svelte';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('says the first sentence at once and does not chatter', () => {
	const announcer = new Announcer();
	announcer.say('one');
	expect(announcer.text).toBe('one');
	for (const text of ['two', 'three', 'four']) announcer.say(text);
	expect(announcer.text).toBe('one');
	vi.advanceTimersByTime(5000);
	expect(announcer.text).toBe('four');
	vi.advanceTimersByTime(60_000);
	expect(announcer.text).toBe('four');
	announcer.say('five');
	expect(announcer.text).toBe('five');
});
