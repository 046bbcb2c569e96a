/** What the server knows of the library. */
import { createInfiniteQuery, createQuery, keepPreviousData } from '@tanstack/svelte-query';
import { call, queryClient } from '#lib/api/client.ts';
import {
	checkAnimeNfo,
	findFolderAtSources,
	getAnime,
	getAnimeFacets,
	listAnime,
	listUnmatchedFolders,
	type EpisodeOut,
	type SeriesOut,
	type UnmatchedFolderOut
} from '#lib/api/generated/index.ts';
import type { Listing } from './listing';

export type { Listing };
export type Series = SeriesOut;
export type Episode = EpisodeOut;
export type Folder = UnmatchedFolderOut;

export const libraryKeys = {
	all: ['library'] as const,
	lists: ['library', 'list'] as const,
	list: (listing: Listing) => ['library', 'list', listing] as const,
	series: (key: string) => ['library', 'series', key] as const,
	/** What players make of it. Not below the series: what is loaded does not make it stale by itself. */
	check: (key: string) => ['library', 'check', key] as const,
	/** Folders without a series, and how many there are. */
	folders: ['library', 'folders'] as const
};

const PAGE = 100;

export type View = 'grid' | 'table';

const partOf = (listing: Listing, offset: number, limit: number) => ({
	queryKey: [...libraryKeys.list(listing), { offset, limit }],
	queryFn: async ({ signal }: { signal?: AbortSignal }) => ({
		listing,
		...(await call(listAnime({ query: { ...listing, offset, limit }, signal })))
	})
});

/** The series from one place of a list to another, both included, wherever they are. `size`: series in a part. */
export async function seriesBetween(listing: Listing, size: number, first: number, last: number): Promise<Series[]> {
	const begin = Math.floor(first / size) * size;
	const series: Series[] = [];
	for (let offset = begin; offset <= last; offset += size) {
		series.push(...(await queryClient.fetchQuery(partOf(listing, offset, size))).items);
	}
	return series.slice(first - begin, last - begin + 1);
}

/** A part of the library, and of which listing it is. `keep`: the last one stays until another one is there. */
export function seriesPage(wanted: () => { listing: Listing; offset: number; limit: number; keep?: boolean }) {
	return createQuery(() => {
		const { listing, offset, limit, keep = false } = wanted();
		return {
			...partOf(listing, offset, limit),
			enabled: limit > 0,
			...(keep && { placeholderData: keepPreviousData })
		};
	});
}

/** What a listing could be narrowed to, and to how many series each time. */
export function seriesFacets(wanted: () => Listing) {
	return createQuery(() => {
		const { sort: _sort, order: _order, ...query } = wanted();
		return {
			queryKey: [...libraryKeys.lists, 'facets', query],
			queryFn: ({ signal }) => call(getAnimeFacets({ query, signal })),
			placeholderData: keepPreviousData
		};
	});
}

/** The few series that answer best to a part of a name. */
export function findSeries(q: string, signal: AbortSignal) {
	return call(listAnime({ query: { q, limit: 6 }, signal })).then(({ items }) => items);
}

/** One series with its seasons and episodes. */
export function seriesDetail(key: () => string) {
	return createQuery(() => ({
		queryKey: libraryKeys.series(key()),
		queryFn: ({ signal }) => call(getAnime({ path: { key: key() }, signal }))
	}));
}

/** What players will make of a series' folder. It is looked through anew whenever the panel is opened. */
export function playerCheck(key: () => string) {
	return createQuery(() => ({
		queryKey: libraryKeys.check(key()),
		queryFn: ({ signal }) => call(checkAnimeNfo({ path: { key: key() }, signal })),
		staleTime: 0
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

/** What the sources have under a folder's title; asked only when somebody wants to know. */
export function atSources(id: () => string, wanted: () => boolean) {
	return createQuery(() => ({
		queryKey: ['sources-of-folder', id()],
		queryFn: ({ signal }) => call(findFolderAtSources({ path: { folder_id: id() }, signal })),
		enabled: wanted(),
		staleTime: Infinity
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
