/** What the server knows of the queue. */
import { createQuery } from '@tanstack/svelte-query';
import { call, queryClient } from '#lib/api/client.ts';
import { listQueue, queueStatus, type QueueModeOut, type QueueOverview } from '#lib/api/generated/index.ts';

export const queueKeys = {
	all: ['queue'] as const,
	overview: ['queue', 'overview'] as const,
	paused: ['queue', 'paused'] as const
};

/** Lists are cut here; the counts are whole. */
const SHOWN = 100;

export function queueOverview() {
	return createQuery(() => ({
		queryKey: queueKeys.overview,
		queryFn: ({ signal }) => call(queueStatus({ query: { limit: SHOWN }, signal }))
	}));
}

/** What is held back; asked for only where there is any. */
export function pausedItems(any: () => boolean) {
	return createQuery(() => ({
		queryKey: queueKeys.paused,
		queryFn: ({ signal }) => call(listQueue({ query: { status: 'paused', limit: SHOWN }, signal })),
		enabled: any()
	}));
}

/** Show at once whether the queue runs; the event that follows brings the rest. */
export function showMode(mode: QueueModeOut): void {
	queryClient.setQueryData<QueueOverview>(queueKeys.overview, (overview) => overview && { ...overview, ...mode });
}
