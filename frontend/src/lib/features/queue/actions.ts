/** Everything that can be done with the queue, told once. */
import ArrowDown from '@lucide/svelte/icons/arrow-down';
import ArrowDownToLine from '@lucide/svelte/icons/arrow-down-to-line';
import ArrowUp from '@lucide/svelte/icons/arrow-up';
import ArrowUpToLine from '@lucide/svelte/icons/arrow-up-to-line';
import Download from '@lucide/svelte/icons/download';
import Eraser from '@lucide/svelte/icons/eraser';
import Pause from '@lucide/svelte/icons/pause';
import Play from '@lucide/svelte/icons/play';
import RotateCw from '@lucide/svelte/icons/rotate-cw';
import Square from '@lucide/svelte/icons/square';
import X from '@lucide/svelte/icons/x';
import { call } from '#lib/api/client.ts';
import {
	addToQueue,
	clearCompleted,
	clearFailed,
	downloadAnime,
	listQueue,
	pauseQueue,
	pauseQueueItem,
	removeFromQueue,
	reorderQueue,
	resumeQueue,
	resumeQueueItem,
	retryQueue,
	startQueue,
	stopQueue,
	type Added,
	type QueueItem,
	type QueueOverview
} from '#lib/api/generated/index.ts';
import { m } from '#lib/paraglide/messages.js';
import { actions, perform, type Action } from '#lib/ui/action.ts';
import { notify } from '#lib/ui/notify.svelte.ts';
import { remove } from './many';
import { itemsBetween, refresh, showMode, showMoved } from './queries';

/** Start; or stop, and before that pause or resume. What holds the queue by itself cannot be resumed by hand. */
export function modeActions(overview: QueueOverview): Action[] {
	const { is_running: running, is_paused: paused, hold } = overview;
	return actions(
		!running && {
			id: 'queue-start',
			title: m.queue_start(),
			icon: Play,
			run: async () => showMode(await call(startQueue()))
		},
		running &&
			paused &&
			!hold && {
				id: 'queue-resume',
				title: m.queue_resume(),
				icon: Play,
				run: async () => showMode(await call(resumeQueue()))
			},
		running &&
			!paused && {
				id: 'queue-pause',
				title: m.queue_pause(),
				icon: Pause,
				run: async () => showMode(await call(pauseQueue()))
			},
		running && {
			id: 'queue-stop',
			title: m.queue_stop(),
			icon: Square,
			run: async () => showMode(await call(stopQueue()))
		}
	);
}

export function itemActions(item: QueueItem): Action[] {
	return actions(
		item.status === 'failed' && {
			id: 'item-retry',
			title: m.queue_retry(),
			icon: RotateCw,
			run: async () => {
				// Asked for by a person: the limit is for those that are tried by themselves.
				await call(retryQueue({ body: { item_ids: [item.id], force: true } }));
				await refresh();
			}
		},
		item.status === 'paused' && {
			id: 'item-resume',
			title: m.queue_release_item(),
			icon: Play,
			run: async () => {
				await call(resumeQueueItem({ path: { item_id: item.id } }));
				await refresh();
			}
		},
		(item.status === 'pending' || item.status === 'downloading') && {
			id: 'item-pause',
			title: m.queue_hold_item(),
			icon: Pause,
			run: async () => {
				await call(pauseQueueItem({ path: { item_id: item.id } }));
				await refresh();
			}
		},
		item.status === 'pending' && {
			id: 'item-first',
			title: m.queue_move_first(),
			icon: ArrowUpToLine,
			run: async () => {
				await place(item.id, 0);
			}
		},
		{
			id: 'item-remove',
			title: item.status === 'downloading' ? m.queue_cancel() : m.queue_remove(),
			icon: X,
			danger: true,
			run: () => remove([item])
		}
	);
}

async function place(item_id: string, new_position: number): Promise<void> {
	await call(reorderQueue({ body: { item_id, new_position } }));
	await refresh();
}

/** A waiting item goes to another place; seen at once, and to be taken back. */
export async function moveItem(from: number, to: number): Promise<void> {
	const [item] = await itemsBetween('pending', from, from);
	if (!item || from === to) return;
	showMoved(from, to);
	const done = await perform({ run: () => place(item.id, to) });
	if (!done) await refresh();
	else notify.success(m.queue_moved({ count: 1 }), { undo: () => perform({ run: () => place(item.id, from) }) });
}

/** For those who do not drag: up, down, to the end. */
export function moveActions(item: QueueItem, index: number): Action[] {
	return [
		{ id: 'item-up', title: m.queue_move_up(), icon: ArrowUp, run: () => moveItem(index, Math.max(0, index - 1)) },
		{ id: 'item-down', title: m.queue_move_down(), icon: ArrowDown, run: () => moveItem(index, index + 1) },
		{ id: 'item-last', title: m.queue_move_last(), icon: ArrowDownToLine, run: () => place(item.id, 10_000_000) }
	];
}

/** What can be done with all that has failed. */
export function failedActions(): Action[] {
	return [
		{
			id: 'failed-retry',
			title: m.queue_retry_all(),
			icon: RotateCw,
			run: async () => {
				await call(retryQueue({ body: { item_ids: [], force: true } }));
				await refresh();
			}
		},
		{
			id: 'failed-clear',
			title: m.queue_clear(),
			icon: Eraser,
			run: async () => {
				await call(clearFailed());
				await refresh();
			}
		}
	];
}

/** What can be done with all that is done. */
export function completedActions(): Action[] {
	return [
		{
			id: 'completed-clear',
			title: m.queue_clear(),
			icon: Eraser,
			run: async () => {
				await call(clearCompleted());
				await refresh();
			}
		}
	];
}

export interface Wanted {
	season: number;
	episode: number;
	/** Left out: the order of languages in the settings decides. */
	language?: string;
}

/** Queue some episodes of a series. */
export function queueEpisodes(key: string, episodes: Wanted[], title: string = m.episode_queue()): Action {
	return {
		id: 'queue-episodes',
		title,
		icon: Download,
		run: async () => tell(await call(addToQueue({ body: { series_key: key, episodes } })))
	};
}

/** Take some episodes of a series out of the queue, whatever their language. */
export function unqueueEpisodes(
	key: string,
	episodes: readonly Wanted[],
	title: string = m.episode_take_out()
): Action {
	return {
		id: 'unqueue-episodes',
		title,
		icon: X,
		run: async () => {
			const lists = await Promise.all(
				(['pending', 'paused', 'downloading'] as const).map((status) =>
					call(listQueue({ query: { series_key: key, status, limit: 500 } }))
				)
			);
			const chosen = new Set(episodes.map(({ season, episode }) => `${season} ${episode}`));
			const items = lists.flatMap((list) => list.items).filter((item) => chosen.has(`${item.season} ${item.episode}`));
			if (items.length > 0) await remove(items);
		}
	};
}

/** Queue everything of a series that is out and not there. */
export function queueMissing(key: string, missing: number): Action {
	return {
		id: 'queue-missing',
		title: m.series_queue_missing({ count: missing }),
		icon: Download,
		run: async () => tell(await call(downloadAnime({ path: { key }, body: { missing: true } })))
	};
}

const REASONS: Record<Added['skipped'][number]['reason'], () => string> = {
	unknown_episode: m.skipped_unknown_episode,
	not_out_yet: m.skipped_not_out_yet,
	already_downloaded: m.skipped_already_downloaded,
	language_not_available: m.skipped_language_not_available,
	waits_for_better_language: m.skipped_waits_for_better_language,
	already_queued: m.skipped_already_queued
};

function tell({ added_items, skipped }: Added): void {
	const reasons = [...new Set(skipped.map(({ reason }) => REASONS[reason]()))].join(' ');
	const count = added_items.length;
	if (count === 0) {
		notify.info(m.queued_nothing(), { description: reasons });
		return;
	}
	notify.success(m.queued({ count }), {
		...(reasons && { description: `${m.queued_skipped({ count: skipped.length })} ${reasons}` }),
		undo: async () => {
			await Promise.allSettled(added_items.map((item_id) => call(removeFromQueue({ path: { item_id } }))));
			await refresh();
		}
	});
	void refresh();
}
