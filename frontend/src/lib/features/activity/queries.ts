/** What the server is busy with. */
import { createQuery } from '@tanstack/svelte-query';
import { call, queryClient } from '#lib/api/client.ts';
import {
	listOperations,
	type OperationOut,
	type OperationPage,
	type OperationProgress
} from '#lib/api/generated/index.ts';

export type Operation = OperationOut;

export const activityKeys = {
	all: ['operations'] as const
};

/** Long work, the newest first. */
export function operationList() {
	return createQuery(() => ({
		queryKey: activityKeys.all,
		queryFn: ({ signal }) => call(listOperations({ query: { limit: 100 }, signal }))
	}));
}

/** Whether it is still going on. */
export function isRunning(operation: Operation): boolean {
	return operation.status === 'started' || operation.status === 'in_progress';
}

/**
 * Take over how far something is, without asking for the whole list each time. False where the list has to be fetched:
 * the work is new to it, or over.
 */
export function showProgress(update: OperationProgress): boolean {
	const page = queryClient.getQueryData<OperationPage>(activityKeys.all);
	if (!page?.items.some(({ id, status }) => id === update.id && status === update.status)) return false;
	const items = page.items.map((item) => (item.id === update.id ? ({ ...item, ...update } as Operation) : item));
	queryClient.setQueryData<OperationPage>(activityKeys.all, { ...page, items });
	return true;
}
