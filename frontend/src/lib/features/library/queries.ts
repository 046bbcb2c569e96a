/** What the server knows of the library. */
import { createInfiniteQuery, createQuery, keepPreviousData } from '@tanstack/svelte-query';
import { call } from '#lib/api/client.ts';
import { getAnime, listAnime, type EpisodeOut, type ListAnimeData, type SeriesOut } from '#lib/api/generated/index.ts';

export type Listing = Pick<NonNullable<ListAnimeData['query']>, 'filter' | 'sort' | 'order' | 'q'>;
export type Series = SeriesOut;
export type Episode = EpisodeOut;

export const libraryKeys = {
	all: ['library'] as const,
	lists: ['library', 'list'] as const,
	list: (listing: Listing) => ['library', 'list', listing] as const,
	series: (key: string) => ['library', 'series', key] as const
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
