/** How far each running download is. Numbers that change four times a second stay out of the query cache. */
import { SvelteMap } from 'svelte/reactivity';
import type { DownloadProgressData, QueueItem } from '#lib/api/generated/index.ts';

class ProgressMap extends SvelteMap<string, DownloadProgressData> {
	/** The newest numbers of a queue item: those that came by event, or those it was fetched with. */
	of(item: QueueItem): QueueItem['progress'] {
		return this.get(item.id)?.progress ?? item.progress;
	}

	/** Percent of the running download of an episode; null where none is known. */
	percent(seriesKey: string, season: number, episode: number): number | null {
		for (const entry of this.values()) {
			if (entry.series_key === seriesKey && entry.season === season && entry.episode === episode) {
				return entry.progress.percent;
			}
		}
		return null;
	}
}

export const progress = new ProgressMap();
