/** What the server knows of the library. */
import { createInfiniteQuery, createQuery, keepPreviousData } from '@tanstack/svelte-query';
import { call } from '#lib/api/client.ts';
import {
	getAnime,
	listAnime,
	listUnmatchedFolders,
	type EpisodeOut,
	type ListAnimeData,
	type SeriesOut,
	type UnmatchedFolderOut
} from '#lib/api/generated/index.ts';

export type Listing = Pick<NonNullable<ListAnimeData['query']>, 'filter' | 'sort' | 'order' | 'q'>;
export type Series = SeriesOut;
export type Episode = EpisodeOut;
export type Folder = UnmatchedFolderOut;

export const libraryKeys = {
	all: ['library'] as const,
	lists: ['library', 'list'] as const,
	list: (listing: Listing) => ['library', 'list', listing] as const,
	series: (key: string) => ['library', 'series', key] as const,
	/** Folders without a series, and how many there are. */
	folders: ['library', 'folders'] as const
};

const PAGE = 100;

/** The library, page after page. */
export function seriesList(listing: () => Listing) {
	return createInfiniteQuery(() => ({
		queryKey: libraryKeys.list(listing()),
		queryFn: ({ pageParam, signal }) =>
			call(listAnime({ query: { ...listing(), limit: PAGE, offset: pageParam }, signal })),
		initialPageParam: 0,
		getNextPageParam: (last) => (last.offset + last.items.length < last.total ? last.offset + last.limit : undefined),
		// Another filter dims what is there until its own answer comes; the page does not jump.
		placeholderData: keepPreviousData
	}));
}

/** One series with its seasons and episodes. */
export function seriesDetail(key: () => string) {
	return createQuery(() => ({
		queryKey: libraryKeys.series(key()),
		queryFn: ({ signal }) => call(getAnime({ path: { key: key() }, signal }))
	}));
}

/** Folders that belong to no series, page after page; or those that were set aside. */
export function folderList(ignored: () => boolean) {
	return createInfiniteQuery(() => ({
		queryKey: [...libraryKeys.folders, { ignored: ignored() }],
		queryFn: ({ pageParam, signal }) =>
			call(listUnmatchedFolders({ query: { ignored: ignored(), limit: PAGE, offset: pageParam }, signal })),
		initialPageParam: 0,
		getNextPageParam: (last) => (last.offset + last.items.length < last.total ? last.offset + last.limit : undefined)
	}));
}

/** How many folders belong to no series. */
export function folderCount() {
	return createQuery(() => ({
		queryKey: [...libraryKeys.folders, 'count'],
		queryFn: ({ signal }) => call(listUnmatchedFolders({ query: { limit: 1 }, signal })),
		select: ({ total }) => total
	}));
}
