/** What a list of series shows, and how that stands in an address. Pure. */
import type { ListAnimeData } from '#lib/api/generated/index.ts';

/** Which series, and in which order: all that the server can be asked for. */
export type Listing = Omit<NonNullable<ListAnimeData['query']>, 'limit' | 'offset'>;
export type Filter = NonNullable<Listing['filter']>;
export type Sort = NonNullable<Listing['sort']>;
export type Order = NonNullable<Listing['order']>;
export type Status = NonNullable<Listing['status']>;

export const FILTERS: readonly Filter[] = ['all', 'missing', 'complete', 'loading', 'failed'];
export const STATUSES: readonly Status[] = ['ongoing', 'completed', 'unknown'];

/** Which end of each order comes first as long as nobody says otherwise. */
export const USUAL: Readonly<Record<Sort, Order>> = {
	name: 'asc',
	added: 'desc',
	updated: 'desc',
	next_air: 'asc',
	missing: 'desc',
	year: 'desc',
	size: 'desc',
	total: 'desc',
	downloaded: 'desc',
	status: 'asc',
	provider: 'asc',
	loading: 'asc'
};
export const SORTS = Object.keys(USUAL) as readonly Sort[];

const TEXTS = ['provider', 'language', 'lacks_language'] as const;
const YEARS = ['year_from', 'year_to'] as const;
const SWITCHES = ['monitored', 'has_folder'] as const;

/** What narrows the list beside the words that are looked for and the state: what the sheet of filters holds. */
export const NARROWING = ['genre', 'status', ...YEARS, ...TEXTS, ...SWITCHES] as const;
export type Narrowing = (typeof NARROWING)[number];

function one<Value extends string>(text: string | null, values: readonly Value[]): Value | null {
	return values.find((value) => value === text) ?? null;
}

/** What an address asks for; what makes no sense in it counts for nothing. */
export function readListing(
	params: Pick<URLSearchParams, 'get' | 'getAll'>
): Listing & { filter: Filter; sort: Sort; order: Order } {
	const sort = one(params.get('sort'), SORTS) ?? 'name';
	const listing: Listing & { filter: Filter; sort: Sort; order: Order } = {
		filter: one(params.get('filter'), FILTERS) ?? 'all',
		sort,
		order: one(params.get('order'), ['asc', 'desc'] as const) ?? USUAL[sort]
	};
	const q = params.get('q')?.trim().slice(0, 200);
	if (q) listing.q = q;
	const genres = [...new Set(params.getAll('genre').filter(Boolean))].slice(0, 20);
	if (genres.length > 0) listing.genre = genres;
	const status = one(params.get('status'), STATUSES);
	if (status) listing.status = status;
	for (const name of YEARS) {
		const year = Number(params.get(name));
		if (Number.isInteger(year) && year >= 1 && year <= 9999) listing[name] = year;
	}
	for (const name of TEXTS) {
		const text = params.get(name)?.slice(0, name === 'provider' ? 64 : 24);
		if (text) listing[name] = text;
	}
	for (const name of SWITCHES) {
		const text = one(params.get(name), ['true', 'false'] as const);
		if (text) listing[name] = text === 'true';
	}
	return listing;
}

/** The shortest address of a listing: what goes without saying is left out, and the order is always the same. */
export function writeListing(listing: Listing): URLSearchParams {
	const params = new URLSearchParams();
	if (listing.filter && listing.filter !== 'all') params.set('filter', listing.filter);
	if (listing.q) params.set('q', listing.q);
	for (const genre of (listing.genre ?? []).toSorted()) params.append('genre', genre);
	for (const name of NARROWING) {
		const value = name === 'genre' ? null : listing[name];
		if (value !== undefined && value !== null) params.set(name, String(value));
	}
	const sort = listing.sort ?? 'name';
	if (sort !== 'name') params.set('sort', sort);
	if (listing.order && listing.order !== USUAL[sort]) params.set('order', listing.order);
	return params;
}

/** The same series in the same order, but not narrowed by the sheet of filters. */
export function widened(listing: Listing): Listing {
	const { filter, q, sort, order } = listing;
	return { ...(filter && { filter }), ...(q && { q }), ...(sort && { sort }), ...(order && { order }) };
}

/** How many filters of the sheet hold; each genre is one. */
export function countNarrowing(listing: Listing): number {
	return NARROWING.reduce((sum, name) => {
		const value = listing[name];
		return sum + (Array.isArray(value) ? value.length : value === undefined || value === null ? 0 : 1);
	}, 0);
}

/** The listing with one thing changed; null takes it out. */
export function changed(listing: Listing, changes: { [Name in keyof Listing]?: Listing[Name] | null }): Listing {
	const next = { ...listing, ...changes };
	return Object.fromEntries(
		Object.entries(next).filter(
			([, value]) => value !== null && value !== undefined && !(Array.isArray(value) && value.length === 0)
		)
	) as Listing;
}
