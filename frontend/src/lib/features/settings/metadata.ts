/** The metadata services, and how they do. */
import { createQuery } from '@tanstack/svelte-query';
import { call, queryClient } from '#lib/api/client.ts';
import { checkMetadataService, listMetadataServices, type MetadataServiceOut } from '#lib/api/generated/index.ts';
import { m } from '#lib/paraglide/messages.js';

export type Service = MetadataServiceOut;

const key = ['metadata', 'services'] as const;

export const FIELDS = [
	'title',
	'plot',
	'genres',
	'rating',
	'people',
	'episodes',
	'poster',
	'fanart',
	'logo',
	'banner',
	'thumb'
] as const;
export type Field = (typeof FIELDS)[number];
export type Origin = 'source' | 'anilist' | 'tmdb' | 'fanart';

export const fieldNames: Record<Field, () => string> = {
	title: m.metadata_field_title,
	plot: m.metadata_field_plot,
	genres: m.metadata_field_genres,
	rating: m.metadata_field_rating,
	people: m.metadata_field_people,
	episodes: m.metadata_field_episodes,
	poster: m.metadata_field_poster,
	fanart: m.metadata_field_fanart,
	logo: m.metadata_field_logo,
	banner: m.metadata_field_banner,
	thumb: m.metadata_field_thumb
};

export const originNames: Record<Origin, () => string> = {
	source: m.metadata_origin_source,
	anilist: () => 'AniList',
	tmdb: () => 'TMDB',
	fanart: () => 'fanart.tv'
};

export function metadataServices() {
	return createQuery(() => ({
		queryKey: key,
		queryFn: ({ signal }) => call(listMetadataServices({ signal })),
		staleTime: 10_000,
		refetchInterval: 30_000
	}));
}

/** Switches, keys or orders have changed. */
export function refreshServices(): Promise<void> {
	return queryClient.invalidateQueries({ queryKey: key });
}

/** Ask it now, and whether it accepts the key. */
export async function checkService({ name }: Service): Promise<Service> {
	try {
		return await call(checkMetadataService({ path: { name } }));
	} finally {
		await refreshServices();
	}
}
