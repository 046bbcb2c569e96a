/** What can be done with many items of the queue at once, and how it is taken back. */
import ArrowUpToLine from '@lucide/svelte/icons/arrow-up-to-line';
import ChevronsDown from '@lucide/svelte/icons/chevrons-down';
import ChevronsUp from '@lucide/svelte/icons/chevrons-up';
import Equal from '@lucide/svelte/icons/equal';
import Pause from '@lucide/svelte/icons/pause';
import Play from '@lucide/svelte/icons/play';
import RotateCw from '@lucide/svelte/icons/rotate-cw';
import X from '@lucide/svelte/icons/x';
import { call } from '#lib/api/client.ts';
import {
	addToQueue,
	pauseQueueItem,
	removeManyFromQueue,
	reorderQueue,
	resumeQueueItem,
	retryQueue,
	setQueuePriority,
	type QueueItem
} from '#lib/api/generated/index.ts';
import { m } from '#lib/paraglide/messages.js';
import { actions, perform, type Action } from '#lib/ui/action.ts';
import { notify } from '#lib/ui/notify.svelte.ts';
import { itemsBetween, PART, refresh, type Shelf } from './queries';

type Priority = QueueItem['priority'];

const ids = (items: readonly QueueItem[]) => items.map(({ id }) => id);

/** Items by something that they have in common. */
function grouped<Key extends string>(items: readonly QueueItem[], by: (item: QueueItem) => Key): [Key, QueueItem[]][] {
	return [...Map.groupBy(items, by)];
}

/** Queue again what was taken out: it begins anew, in the place that comes. */
async function putBack(items: readonly QueueItem[]): Promise<void> {
	for (const [key, of] of grouped(items, ({ series_key, priority }) => `${priority} ${series_key}`)) {
		const [priority, series_key] = [key.slice(0, key.indexOf(' ')) as Priority, key.slice(key.indexOf(' ') + 1)];
		const episodes = of.map(({ season, episode, language }) => ({ season, episode, language }));
		await call(addToQueue({ body: { series_key, priority, episodes } }));
	}
	await refresh();
}

/** Takes items out of the queue, and offers to put them back. Finished ones are only forgotten. */
export async function remove(items: readonly QueueItem[]): Promise<void> {
	await call(removeManyFromQueue({ body: { item_ids: ids(items) } }));
	await refresh();
	const open = items.filter(({ status }) => status !== 'completed');
	notify.success(m.queue_removed({ count: items.length }), {
		...(open.length > 0 && { undo: () => perform({ run: () => putBack(open) }) })
	});
}

async function prioritise(items: readonly QueueItem[], priority: Priority): Promise<void> {
	await call(setQueuePriority({ body: { item_ids: ids(items), priority } }));
	await refresh();
	const back = async () => {
		for (const [before, of] of grouped(items, ({ priority: was }) => was)) {
			await call(setQueuePriority({ body: { item_ids: ids(of), priority: before } }));
		}
		await refresh();
	};
	notify.success(m.queue_prioritised({ count: items.length }), { undo: () => perform({ run: back }) });
}

async function first(items: readonly QueueItem[]): Promise<void> {
	const chosen = new Set(ids(items));
	const before: string[] = [];
	// Items change places among themselves: all are named down to the last one that is chosen.
	for (let left = chosen.size; left > 0;) {
		const part = ids(await itemsBetween('pending', before.length, before.length + PART - 1));
		if (part.length === 0) break;
		before.push(...part);
		left -= part.filter((id) => chosen.has(id)).length;
	}
	const order = [...before.filter((id) => chosen.has(id)), ...before.filter((id) => !chosen.has(id))];
	await call(reorderQueue({ body: { item_ids: order } }));
	await refresh();
	const back = () => call(reorderQueue({ body: { item_ids: before } })).then(refresh);
	notify.success(m.queue_moved({ count: items.length }), { undo: () => perform({ run: back }) });
}

/** What the items of a list can take; `done` is called when it is done. */
export function manyActions(status: Shelf, items: () => QueueItem[], done: () => void): Action[] {
	const each = (run: (items: QueueItem[]) => Promise<unknown>) => async () => {
		await run(items());
		done();
	};
	const open = status === 'pending' || status === 'paused';
	return actions(
		status === 'failed' && {
			id: 'many-retry',
			title: m.queue_retry(),
			icon: RotateCw,
			shortcut: 'r',
			run: each(async (all) => {
				await call(retryQueue({ body: { item_ids: ids(all), force: true } }));
				await refresh();
			})
		},
		status === 'pending' && {
			id: 'many-first',
			title: m.queue_move_first(),
			icon: ArrowUpToLine,
			shortcut: 't',
			run: each(first)
		},
		open && {
			id: 'many-high',
			title: m.priority_high(),
			icon: ChevronsUp,
			run: each((all) => prioritise(all, 'high'))
		},
		open && {
			id: 'many-normal',
			title: m.priority_normal(),
			icon: Equal,
			run: each((all) => prioritise(all, 'normal'))
		},
		open && { id: 'many-low', title: m.priority_low(), icon: ChevronsDown, run: each((all) => prioritise(all, 'low')) },
		status === 'pending' && {
			id: 'many-hold',
			title: m.queue_hold_item(),
			icon: Pause,
			run: each(async (all) => {
				for (const { id } of all) await call(pauseQueueItem({ path: { item_id: id } }));
				await refresh();
			})
		},
		status === 'paused' && {
			id: 'many-release',
			title: m.queue_release_item(),
			icon: Play,
			run: each(async (all) => {
				for (const { id } of all) await call(resumeQueueItem({ path: { item_id: id } }));
				await refresh();
			})
		},
		{ id: 'many-remove', title: m.queue_remove(), icon: X, danger: true, shortcut: 'delete', run: each(remove) }
	);
}
