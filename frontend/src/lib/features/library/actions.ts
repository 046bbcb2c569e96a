/** What can be done with series and with the folders of the library, told once. Queueing is the queue's. */
import Bookmark from '@lucide/svelte/icons/bookmark';
import BookmarkX from '@lucide/svelte/icons/bookmark-x';
import CheckCheck from '@lucide/svelte/icons/check-check';
import EyeOff from '@lucide/svelte/icons/eye-off';
import FolderSearch from '@lucide/svelte/icons/folder-search';
import Languages from '@lucide/svelte/icons/languages';
import RefreshCw from '@lucide/svelte/icons/refresh-cw';
import Trash2 from '@lucide/svelte/icons/trash-2';
import Undo2 from '@lucide/svelte/icons/undo-2';
import { call, queryClient } from '#lib/api/client.ts';
import { errorText } from '#lib/api/errors.ts';
import {
	acceptFolder,
	acceptSuggested,
	deleteAnime,
	ignoreFolder,
	reloadAnime,
	rescanLibrary,
	restoreAnime,
	restoreFolder,
	updateAnime,
	updateSeason,
	type SeasonOut,
	type AcceptFolder,
	type SearchItem,
	type UpdateSeries
} from '#lib/api/generated/index.ts';
import { m } from '#lib/paraglide/messages.js';
import { perform, type Action } from '#lib/ui/action.ts';
import { notify } from '#lib/ui/notify.svelte.ts';
import type { Step } from './loading';
import { libraryKeys, type Folder, type Series } from './queries';

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

async function change(series: Series, body: UpdateSeries): Promise<void> {
	await call(updateAnime({ path: { key: series.key }, body }));
	await queryClient.invalidateQueries({ queryKey: libraryKeys.series(series.key) });
}

/** Opens the form; {@link setLanguages} does it. */
export function askLanguages(ask: () => unknown): Action {
	return { id: 'series-languages', title: m.series_languages(), icon: Languages, run: ask };
}

/** Which languages of a series are wanted, and whether its specials are; null: as in the library. */
export async function setLanguages(
	series: Series,
	policy: Required<Pick<UpdateSeries, 'languages' | 'language_mode' | 'language_wait_days' | 'specials'>>
): Promise<void> {
	await change(series, policy);
	// What counts as missing may be another number now.
	void queryClient.invalidateQueries({ queryKey: libraryKeys.lists });
	notify.success(m.series_languages_saved({ name: series.name }));
}

/** The order in which a series' sources are asked: all of them. Another first one means that its episodes are loaded anew. */
export function setSources(series: Series, sources: NonNullable<UpdateSeries['sources']>): Promise<void> {
	return change(series, { sources });
}

/** Whether a season is wanted: what is not is neither missing nor queued with what is missing. */
export function wantSeason(series: Series, { season, monitored }: SeasonOut): Action {
	return {
		id: 'season-want',
		title: monitored ? m.season_unwant() : m.season_want(),
		icon: monitored ? BookmarkX : Bookmark,
		run: async () => {
			await call(updateSeason({ path: { key: series.key, season }, body: { monitored: !monitored } }));
			await queryClient.invalidateQueries({ queryKey: libraryKeys.series(series.key) });
			void queryClient.invalidateQueries({ queryKey: libraryKeys.lists });
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

/** Look through the anime directory for what came and went. Activity shows how far it is. */
export function rescan(): Action {
	return {
		id: 'library-scan',
		title: m.library_scan(),
		icon: FolderSearch,
		run: async () => {
			await call(rescanLibrary());
			notify.info(m.scan_begun(), { description: m.scan_begun_hint() });
		}
	};
}

const lookAgain = () => queryClient.invalidateQueries({ queryKey: libraryKeys.folders });

/** The folder is that series': its videos become the series' episodes. */
export async function accept(folder: Folder, { key, name }: { key: string; name: string }): Promise<void> {
	await give(folder, name, { key });
	await queryClient.invalidateQueries({ queryKey: libraryKeys.series(key) });
}

/** The folder is that series' of a source, which comes into the library. */
export async function acceptFound(folder: Folder, found: SearchItem): Promise<void> {
	const { key, name, provider, provider_key } = found;
	await (key === null
		? give(folder, name, { series: { name, provider, provider_key } })
		: accept(folder, { key, name }));
}

async function give(folder: Folder, name: string, body: AcceptFolder): Promise<void> {
	await call(acceptFolder({ path: { folder_id: folder.id }, body }));
	notify.success(m.unmatched_accepted({ folder: folder.name, name }));
	await Promise.all([lookAgain(), queryClient.invalidateQueries({ queryKey: libraryKeys.lists })]);
}

/** Every folder is that series' of the library which it is most likely of, where that is likely enough. */
export function acceptLikely(): Action {
	return {
		id: 'folders-accept',
		title: m.unmatched_accept_all(),
		icon: CheckCheck,
		run: async () => {
			const { items } = await call(acceptSuggested({ body: {} }));
			if (items.length === 0) notify.info(m.unmatched_accepted_none());
			else notify.success(m.unmatched_accepted_all({ count: items.length }));
			await Promise.all([lookAgain(), queryClient.invalidateQueries({ queryKey: libraryKeys.lists })]);
		}
	};
}

async function setAside(folder: Folder, ignored: boolean): Promise<void> {
	const path = { folder_id: folder.id };
	await call(ignored ? ignoreFolder({ path }) : restoreFolder({ path }));
	await lookAgain();
}

/** Offer it no longer. */
export function ignore(folder: Folder): Action {
	return {
		id: 'folder-ignore',
		title: m.unmatched_ignore(),
		icon: EyeOff,
		run: async () => {
			await setAside(folder, true);
			notify.success(m.unmatched_ignored({ folder: folder.name }), {
				undo: () => perform({ run: () => setAside(folder, false) })
			});
		}
	};
}

/** Offer it again. */
export function offer(folder: Folder): Action {
	return {
		id: 'folder-offer',
		title: m.unmatched_restore(),
		icon: Undo2,
		run: async () => {
			await setAside(folder, false);
			notify.success(m.unmatched_restored({ folder: folder.name }), {
				undo: () => perform({ run: () => setAside(folder, true) })
			});
		}
	};
}
