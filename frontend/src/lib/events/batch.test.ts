import type { QueryKey } from '@tanstack/svelte-query';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { batch } from './batch';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('asks once for what a burst of events touches', async () => {
	const rounds: QueryKey[][] = [];
	const touch = batch(async (keys) => void rounds.push(keys), 100);
	for (let index = 0; index < 50; index += 1) touch([['queue'], ['library', 'list']]);
	touch([['library', 'series', 'a']]);
	expect(rounds).toEqual([]);
	await vi.advanceTimersByTimeAsync(100);
	expect(rounds).toEqual([[['queue'], ['library', 'list'], ['library', 'series', 'a']]]);
	await vi.advanceTimersByTimeAsync(1000);
	expect(rounds).toHaveLength(1);
});

it('waits for a slow answer, then asks for what came in between', async () => {
	const rounds: QueryKey[][] = [];
	let answer: () => void = () => undefined;
	const touch = batch((keys) => {
		rounds.push(keys);
		return new Promise<void>((resolve) => (answer = resolve));
	}, 100);
	touch([['a']]);
	await vi.advanceTimersByTimeAsync(100);
	touch([['b']]);
	await vi.advanceTimersByTimeAsync(5000);
	expect(rounds).toEqual([[['a']]]);
	answer();
	await vi.advanceTimersByTimeAsync(100);
	expect(rounds).toEqual([[['a']], [['b']]]);
});

it('goes on after a round that failed', async () => {
	let rounds = 0;
	const touch = batch(() => {
		rounds += 1;
		return Promise.reject(new Error('unreachable'));
	}, 100);
	touch([['a']]);
	await vi.advanceTimersByTimeAsync(100);
	touch([['a']]);
	await vi.advanceTimersByTimeAsync(200);
	expect(rounds).toBe(2);
});

it('does nothing for events that touch nothing', async () => {
	let rounds = 0;
	const touch = batch(async () => void (rounds += 1), 100);
	touch([]);
	await vi.advanceTimersByTimeAsync(1000);
	expect(rounds).toBe(0);
});
