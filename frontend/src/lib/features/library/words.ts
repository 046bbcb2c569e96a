/** What the library's filters and orders are called. */
import { m } from '#lib/paraglide/messages.js';
import { language } from '#lib/utils/locale.ts';
import { NARROWING, type Filter, type Listing, type Narrowing, type Sort, type Status } from './listing';

export const filterNames: Record<Filter, () => string> = {
	all: m.filter_all,
	missing: m.filter_missing,
	complete: m.filter_complete,
	loading: m.filter_loading,
	failed: m.filter_failed
};

export const sortNames: Record<Sort, () => string> = {
	name: m.sort_name,
	added: m.sort_added,
	updated: m.sort_updated,
	next_air: m.sort_next_air,
	missing: m.sort_missing,
	year: m.sort_year,
	size: m.sort_size,
	total: m.sort_total,
	downloaded: m.sort_downloaded,
	status: m.sort_status,
	provider: m.sort_provider,
	loading: m.sort_loading
};

export const statusNames: Record<Status, () => string> = {
	ongoing: m.status_ongoing,
	completed: m.status_completed,
	unknown: m.status_unknown
};

/** The server tells genres in small letters. */
export function genreName(genre: string): string {
	return genre.charAt(0).toUpperCase() + genre.slice(1);
}

/** One filter that holds. */
export interface Held {
	name: Narrowing;
	/** Of several values of the same filter, which. */
	value: string;
	title: string;
}

const titles: Record<Narrowing, (value: string) => string> = {
	genre: genreName,
	status: (value) => statusNames[value as Status](),
	year_from: (year) => m.narrowed_year_from({ year }),
	year_to: (year) => m.narrowed_year_to({ year }),
	provider: (source) => m.narrowed_source({ source }),
	language: (tag) => m.narrowed_language({ language: language(tag) }),
	lacks_language: (tag) => m.narrowed_lacks_language({ language: language(tag) }),
	monitored: (value) => (value === 'true' ? m.narrowed_monitored() : m.narrowed_unmonitored()),
	has_folder: (value) => (value === 'true' ? m.narrowed_folder() : m.narrowed_no_folder())
};

/** The filters of the sheet that hold, in words. */
export function heldFilters(listing: Listing): Held[] {
	return NARROWING.flatMap((name) => {
		const value = listing[name];
		const values = Array.isArray(value) ? value : value === undefined || value === null ? [] : [String(value)];
		return values.map((value) => ({ name, value, title: titles[name](value) }));
	});
}
