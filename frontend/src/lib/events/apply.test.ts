import { beforeEach, describe, expect, it, vi } from 'vitest';
import { queryClient } from '#lib/api/client.ts';
import type { OperationPage, QueueItem } from '#lib/api/generated/index.ts';
import { activityKeys } from '#lib/features/activity/queries.ts';
import { progress } from '#lib/features/queue/progress.svelte.ts';
import { announcer } from '#lib/ui/announce.svelte.ts';
import { apply } from './apply';
import type { AppEvent } from './stream';

type Told<Event> = Event extends AppEvent ? Omit<Event, 'timestamp'> : never;

/** An event, told at some time. */
const event = (told: Told<AppEvent>) => ({ timestamp: '2026-01-10T12:00:00Z', ...told }) as AppEvent;

const ref = {
	download_id: 'd1',
	series_key: 'paper-lanterns',
	series_name: 'Paper Lanterns',
	season: 1,
	episode: 5,
	language: 'de'
};
const numbers = { percent: 40, downloaded_bytes: 4, total_bytes: 10, speed: 2, eta_seconds: 3 };
const going = event({ type: 'download_progress', data: { ...ref, progress: numbers } });

beforeEach(() => {
	progress.clear();
	queryClient.clear();
});

describe('progress', () => {
	it('goes into the map and costs no request', () => {
		expect(apply(going)).toEqual([]);
		expect(progress.percent('paper-lanterns', 1, 5)).toBe(40);
		expect(progress.percent('paper-lanterns', 1, 6)).toBeNull();
		expect(progress.of({ id: 'd1' } as QueueItem).speed).toBe(2);
	});

	it.each<Told<AppEvent>>([
		{ type: 'download_complete', data: ref },
		{ type: 'download_failed', data: { ...ref, error: 'gone', will_retry: true } },
		{ type: 'queue_stopped', data: {} },
		{ type: 'resync', data: {} }
	])('is forgotten after $type', (told) => {
		apply(going);
		apply(event(told));
		expect(progress.size).toBe(0);
	});
});

describe('what is fetched again', () => {
	it.each<[Told<AppEvent>, unknown]>([
		[
			{ type: 'download_complete', data: ref },
			[['queue'], ['library', 'list'], ['library', 'series', 'paper-lanterns']]
		],
		[
			{ type: 'queue_status', data: { action: 'items_added', count: 2, series_keys: ['a', 'b'] } },
			[['queue'], ['library', 'series', 'a'], ['library', 'series', 'b']]
		],
		[
			{ type: 'series_added', data: { key: 'a', name: 'A' } },
			[['library', 'list'], ['library', 'series', 'a'], ['library', 'folders'], ['search']]
		],
		[{ type: 'scan_progress', data: { operation_id: 'o1', current: 1, total: 2, changed: 1 } }, []],
		[
			{ type: 'scan_complete', data: { operation_id: 'o1', current: 2, total: 2, changed: 1 } },
			[
				['library', 'list'],
				['library', 'folders']
			]
		],
		[{ type: 'scan_complete', data: { operation_id: 'o1', current: 2, total: 2, changed: 0 } }, []],
		[{ type: 'scan_failed', data: { operation_id: 'o1', error: 'gone' } }, [['library', 'folders']]],
		[{ type: 'queue_started', data: {} }, [['queue']]],
		[{ type: 'resync', data: {} }, [[]]]
	])('%j', (told, keys) => expect(apply(event(told))).toEqual(keys));

	it('is not the list of operations while one that is shown only goes on', () => {
		const update = { id: 'o1', type: 'load', current: 2, total: 4, percent: 50, message: 'Loading' } as const;
		const shown = { ...update, status: 'in_progress', current: 1, percent: 25 } as OperationPage['items'][number];
		queryClient.setQueryData<OperationPage>(activityKeys.all, { items: [shown], total: 1, limit: 100, offset: 0 });
		expect(apply(event({ type: 'operation_update', data: { ...update, status: 'in_progress' } }))).toEqual([]);
		expect(queryClient.getQueryData<OperationPage>(activityKeys.all)?.items[0]?.percent).toBe(50);
		expect(apply(event({ type: 'operation_update', data: { ...update, status: 'completed' } }))).toEqual([
			['operations']
		]);
		expect(apply(event({ type: 'operation_update', data: { ...update, id: 'o2', status: 'started' } }))).toEqual([
			['operations']
		]);
	});
});

describe('what is said aloud', () => {
	it('is the end of a download, and not what is tried again', () => {
		const said = vi.spyOn(announcer, 'say');
		apply(event({ type: 'download_failed', data: { ...ref, error: 'gone', will_retry: true } }));
		expect(said).not.toHaveBeenCalled();
		apply(event({ type: 'download_complete', data: ref }));
		expect(said.mock.lastCall).toEqual(['Paper Lanterns S01E05 is here.']);
		apply(event({ type: 'download_failed', data: { ...ref, error: 'gone', will_retry: false } }));
		expect(said.mock.lastCall).toEqual(['Paper Lanterns S01E05 could not be fetched.']);
	});
});
