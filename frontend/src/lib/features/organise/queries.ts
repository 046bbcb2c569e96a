/** What would be renamed, and what was. */
import { createQuery } from '@tanstack/svelte-query';
import { call } from '#lib/api/client.ts';
import {
	getOrganisePreview,
	listOrganiseChanges,
	type ChangeOut,
	type OrganisePreview,
	type SeriesChange
} from '#lib/api/generated/index.ts';

export type Change = ChangeOut;
export type Preview = OrganisePreview;
export type Planned = SeriesChange;

export const organiseKeys = {
	preview: ['organise', 'preview'] as const,
	changes: ['organise', 'changes'] as const
};

/** Series that are fetched together. */
export const PART = 50;

/** Looked at anew each time that somebody opens the page: files come and go. */
export function preview() {
	return createQuery(() => ({
		queryKey: organiseKeys.preview,
		queryFn: ({ signal }) => call(getOrganisePreview({ query: { limit: PART }, signal })),
		staleTime: 0,
		refetchOnWindowFocus: false
	}));
}

/** Another part of the same look. */
export function previewPart(wanted: () => { first: Preview; offset: number }) {
	return createQuery(() => {
		const { first, offset } = wanted();
		return {
			queryKey: [...organiseKeys.preview, first.token, offset],
			queryFn: ({ signal }) => call(getOrganisePreview({ query: { token: first.token, limit: PART, offset }, signal })),
			...(offset === 0 && { initialData: first }),
			staleTime: Infinity
		};
	});
}

/** What was renamed, the newest first. */
export function changeList() {
	return createQuery(() => ({
		queryKey: organiseKeys.changes,
		queryFn: ({ signal }) => call(listOrganiseChanges({ query: { limit: 100 }, signal })),
		staleTime: 0
	}));
}
