/** What an event means for what is shown: one switch, on one page. */
import type { QueryKey } from '@tanstack/svelte-query';
import { codeText } from '#lib/api/errors.ts';
import { activityKeys, showProgress } from '#lib/features/activity/queries.ts';
import { libraryKeys } from '#lib/features/library/queries.ts';
import { progress } from '#lib/features/queue/progress.svelte.ts';
import { queueKeys } from '#lib/features/queue/queries.ts';
import { searchKeys } from '#lib/features/search/queries.ts';
import { sourceKeys } from '#lib/features/sources/queries.ts';
import { m } from '#lib/paraglide/messages.js';
import { announcer } from '#lib/ui/announce.svelte.ts';
import { notify } from '#lib/ui/notify.svelte.ts';
import { episodeCode } from '#lib/utils/format.ts';
import type { AppEvent } from './stream';

/** Takes over numbers at once; answers which queries are to be fetched again. */
export function apply(event: AppEvent): readonly QueryKey[] {
	switch (event.type) {
		case 'download_progress':
			progress.set(event.data.download_id, event.data);
			return [];

		case 'download_started':
			return [queueKeys.all, libraryKeys.series(event.data.series_key)];

		case 'download_complete': {
			const { series_name, season, episode } = event.data;
			progress.delete(event.data.download_id);
			announcer.say(m.announce_complete({ series: series_name, episode: episodeCode(season, episode) }));
			return [queueKeys.all, libraryKeys.lists, libraryKeys.series(event.data.series_key)];
		}

		case 'download_failed': {
			const { series_name, season, episode, will_retry } = event.data;
			progress.delete(event.data.download_id);
			if (!will_retry) announcer.say(m.announce_failed({ series: series_name, episode: episodeCode(season, episode) }));
			return [queueKeys.all, libraryKeys.series(event.data.series_key)];
		}

		case 'queue_status':
			return [queueKeys.all, ...event.data.series_keys.map((key) => libraryKeys.series(key))];

		case 'queue_started':
		case 'queue_paused':
		case 'queue_resumed':
			return [queueKeys.all];

		case 'queue_stopped':
			progress.clear();
			return [queueKeys.all];

		case 'series_loading_update':
		case 'series_updated':
			return [libraryKeys.lists, libraryKeys.series(event.data.key)];

		case 'series_added':
		case 'series_removed':
			// A folder without a series may be of one that is new.
			return [libraryKeys.lists, libraryKeys.series(event.data.key), libraryKeys.folders, searchKeys.all];

		case 'scan_progress':
			return [];

		case 'scan_failed':
			notify.warning(m.scan_failed(), { description: event.data.error });
			return [libraryKeys.folders];

		case 'scan_complete':
			announcer.say(m.scan_done());
			return event.data.changed > 0 ? [libraryKeys.lists, libraryKeys.folders] : [];

		case 'operation_update':
			return showProgress(event.data) ? [] : [activityKeys.all];

		case 'provider_state':
			return [sourceKeys.all];

		case 'system_error':
			notify.error(codeText(event.data.code, event.data.message));
			return [];

		case 'system_warning':
			notify.warning(codeText(event.data.code, event.data.message));
			return [];

		case 'system_info':
			return [];

		case 'resync':
			progress.clear();
			return [[]];
	}
}
