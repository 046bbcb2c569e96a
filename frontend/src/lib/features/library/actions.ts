/** What can be done with a series, told once. Queueing is the queue's. */
import RefreshCw from '@lucide/svelte/icons/refresh-cw';
import Trash2 from '@lucide/svelte/icons/trash-2';
import { call, queryClient } from '#lib/api/client.ts';
import { errorText } from '#lib/api/errors.ts';
import { deleteAnime, reloadAnime, restoreAnime } from '#lib/api/generated/index.ts';
import { m } from '#lib/paraglide/messages.js';
import type { Action } from '#lib/ui/action.ts';
import { notify } from '#lib/ui/notify.svelte.ts';
import type { Step } from './loading';
import { libraryKeys, type Series } from './queries';

/** Load parts of it again from its source: what failed, or everything. */
export function reload(series: Series, parts?: Step[]): Action {
	return {
		id: 'series-reload',
		title: parts ? m.action_try_again() : m.series_reload(),
		icon: RefreshCw,
		run: async () => {
			await call(reloadAnime({ path: { key: series.key }, body: parts ? { parts } : {} }));
			await queryClient.invalidateQueries({ queryKey: libraryKeys.series(series.key) });
		}
	};
}

/** Opens the question; {@link remove} does it. */
export function askRemove(ask: () => void): Action {
	return { id: 'series-remove', title: m.series_remove(), icon: Trash2, danger: true, run: ask };
}

/** Take a series out of the library. Files that were deleted do not come back. */
export async function remove(series: Series, deleteFiles: boolean): Promise<void> {
	await call(deleteAnime({ path: { key: series.key }, query: { delete_files: deleteFiles } }));
	queryClient.removeQueries({ queryKey: libraryKeys.series(series.key) });
	notify.success(m.series_removed({ name: series.name }), {
		undo: async () => {
			try {
				await call(restoreAnime({ path: { key: series.key } }));
				await queryClient.invalidateQueries({ queryKey: libraryKeys.all });
			} catch (error) {
				notify.error(errorText(error));
			}
		}
	});
	await queryClient.invalidateQueries({ queryKey: libraryKeys.lists });
}
