/** Where an episode stands. Pure. */
import type { Episode } from './queries';

/** It waits in the queue, or comes in. */
export function isComing({ queue_status: status }: Pick<Episode, 'queue_status'>): boolean {
	return status === 'pending' || status === 'downloading' || status === 'paused';
}

/** It can be had, is not here and not on its way. */
export function isMissing(episode: Pick<Episode, 'queue_status' | 'languages' | 'is_out' | 'is_downloaded'>): boolean {
	const offered = episode.languages.some((unit) => unit.available);
	return episode.is_out && offered && !episode.is_downloaded && !isComing(episode);
}

/** How long an episode usually is, in seconds: the middle one of those that are known; null: none is. */
export function usualDuration(episodes: readonly Pick<Episode, 'duration' | 'season'>[]): number | null {
	const known = episodes.flatMap(({ duration, season }) => (duration && season > 0 ? [duration] : []));
	return known.sort((a, b) => a - b)[Math.floor(known.length / 2)] ?? null;
}
