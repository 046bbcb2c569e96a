/** What the server knows of the queue. */
import { createQuery } from '@tanstack/svelte-query';
import { call, queryClient } from '#lib/api/client.ts';
import {
	listQueue,
	queueStatus,
	type QueueItem,
	type QueueModeOut,
	type QueueOverview,
	type QueuePage
} from '#lib/api/generated/index.ts';
import { moved } from '#lib/utils/sparse.ts';

export const queueKeys = {
	all: ['queue'] as const,
	overview: ['queue', 'overview'] as const,
	shelf: (status: string) => ['queue', 'shelf', status] as const
};

/** What comes in is shown whole; the other lists bring their own parts. */
const SHOWN = 20;

/** Look at everything of it again. */
export const refresh = () => queryClient.invalidateQueries({ queryKey: queueKeys.all });

export function queueOverview() {
	return createQuery(() => ({
		queryKey: queueKeys.overview,
		queryFn: ({ signal }) => call(queueStatus({ query: { limit: SHOWN }, signal }))
	}));
}

/** The lists of the queue beside what is coming in. */
export type Shelf = 'pending' | 'failed' | 'paused' | 'completed';

/** Items in one part of a list. */
export const PART = 100;

const page = (status: Shelf, offset: number) => ({
	queryKey: [...queueKeys.shelf(status), offset],
	queryFn: ({ signal }: { signal?: AbortSignal }) => call(listQueue({ query: { status, offset, limit: PART }, signal }))
});

/** A part of a list; `enabled`: whether somebody looks at it. */
export function queuePart(wanted: () => { status: Shelf; offset: number }, enabled = () => true) {
	return createQuery(() => ({ ...page(wanted().status, wanted().offset), enabled: enabled() }));
}

/** The items from one place of a list to another, both included, wherever they are. */
export async function itemsBetween(status: Shelf, first: number, last: number): Promise<QueueItem[]> {
	const items: QueueItem[] = [];
	for (let offset = Math.floor(first / PART) * PART; offset <= last; offset += PART) {
		items.push(...(await queryClient.fetchQuery(page(status, offset))).items);
	}
	const begin = first % PART;
	return items.slice(begin, begin + last - first + 1);
}

/** Show at once that a waiting item went to another place; what the server says then counts. */
export function showMoved(from: number, to: number): void {
	const key = queueKeys.shelf('pending');
	const parts = queryClient.getQueriesData<QueuePage>({ queryKey: key }).filter(([, part]) => part);
	const shown = moved(
		parts.map(([, part]) => part as QueuePage),
		from,
		to
	);
	parts.forEach(([partKey], index) => queryClient.setQueryData(partKey, shown[index]));
}

/** Show at once whether the queue runs; the event that follows brings the rest. */
export function showMode(mode: QueueModeOut): void {
	queryClient.setQueryData<QueueOverview>(queueKeys.overview, (overview) => overview && { ...overview, ...mode });
}
