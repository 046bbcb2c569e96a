/** What the sources know. */
import { createQuery } from '@tanstack/svelte-query';
import { call } from '#lib/api/client.ts';
import { addAnime, search, type SearchItem } from '#lib/api/generated/index.ts';

export type Found = SearchItem;

export const searchKeys = {
	all: ['search'] as const,
	results: (q: string) => ['search', q] as const
};

/** All sources are asked; the failure of one hides no other's answers. */
export function searchResults(q: () => string) {
	return createQuery(() => ({
		queryKey: searchKeys.results(q()),
		queryFn: ({ signal }) => call(search({ query: { q: q() }, signal })),
		enabled: q() !== '',
		staleTime: 60_000
	}));
}

/** Put a series into the library. It answers at once; its data follows. */
export function add({ provider, provider_key, name }: Found) {
	return call(addAnime({ body: { provider, provider_key, name } }));
}
