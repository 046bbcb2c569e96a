/** What can be done with many series at once, and how it is taken back. */
import Download from '@lucide/svelte/icons/download';
import Eye from '@lucide/svelte/icons/eye';
import EyeOff from '@lucide/svelte/icons/eye-off';
import RefreshCw from '@lucide/svelte/icons/refresh-cw';
import Trash2 from '@lucide/svelte/icons/trash-2';
import { call, queryClient } from '#lib/api/client.ts';
import { changeManyAnime, type BulkChange } from '#lib/api/generated/index.ts';
import { m } from '#lib/paraglide/messages.js';
import { perform, type Action } from '#lib/ui/action.ts';
import { notify } from '#lib/ui/notify.svelte.ts';
import { libraryKeys, type Series } from './queries';

type Change = BulkChange['action'];

/** Begins the change; how it goes is seen in Activity, and each series that changed tells so itself. */
async function change(series: readonly Series[], action: Change): Promise<void> {
	if (series.length === 0) return;
	await call(changeManyAnime({ body: { keys: series.map(({ key }) => key), action } }));
	await queryClient.invalidateQueries({ queryKey: libraryKeys.lists });
}

async function changeAndTell(series: readonly Series[], action: Change, inverse?: Change): Promise<void> {
	await change(series, action);
	notify.success(
		m.many_begun({ count: series.length }),
		inverse ? { undo: () => perform({ run: () => change(series, inverse) }) } : {}
	);
}

/** `items` are asked for when it is done; `done` is called afterwards. */
export function manyActions(items: () => Series[], done: () => void): Action[] {
	const each = (run: (series: Series[]) => Promise<void>) => async () => {
		await run(items());
		done();
	};
	return [
		{
			id: 'many-missing',
			title: m.many_missing(),
			icon: Download,
			shortcut: 'd',
			run: each((all) => changeAndTell(all, 'download_missing'))
		},
		{
			id: 'many-monitor',
			title: m.many_monitor(),
			icon: Eye,
			run: each((all) =>
				changeAndTell(
					all.filter(({ monitored }) => !monitored),
					'monitor',
					'unmonitor'
				)
			)
		},
		{
			id: 'many-unmonitor',
			title: m.many_unmonitor(),
			icon: EyeOff,
			run: each((all) =>
				changeAndTell(
					all.filter(({ monitored }) => monitored),
					'unmonitor',
					'monitor'
				)
			)
		},
		{
			id: 'many-reload',
			title: m.series_reload(),
			icon: RefreshCw,
			shortcut: 'r',
			run: each((all) => changeAndTell(all, 'reload'))
		},
		{
			id: 'many-remove',
			title: m.series_remove(),
			icon: Trash2,
			danger: true,
			shortcut: 'delete',
			run: each((all) => changeAndTell(all, 'delete', 'restore'))
		}
	];
}
