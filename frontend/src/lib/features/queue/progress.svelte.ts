/** How far each running download is. Numbers that change four times a second stay out of the query cache. */
import { SvelteMap } from 'svelte/reactivity';
import type { DownloadProgressData, QueueItem } from '#lib/api/generated/index.ts';

/** Seconds between two points of the graph, and how many there are. */
const BEAT = 1;
const POINTS = 120;

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

/** How fast everything came in, second by second, the newest last, as long as somebody looks. */
class SpeedHistory {
	points = $state.raw<readonly number[]>([]);

	/** `rate` tells bytes per second. Returns what ends it. */
	follow(rate: () => number): () => void {
		const timer = setInterval(() => (this.points = [...this.points, rate()].slice(-POINTS)), BEAT * 1000);
		return () => clearInterval(timer);
	}
}

export const speeds = new SpeedHistory();
export const SPAN = BEAT * POINTS;
