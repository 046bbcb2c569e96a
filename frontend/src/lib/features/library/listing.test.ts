import { describe, expect, it } from 'vitest';
import { changed, countNarrowing, readListing, widened, writeListing, type Listing } from './listing';

const read = (query: string) => readListing(new URLSearchParams(query));
const again = (listing: Listing) => readListing(writeListing(listing));

describe('a listing in an address', () => {
	it('is everything by name where nothing is said', () => {
		expect(read('')).toEqual({ filter: 'all', sort: 'name', order: 'asc' });
		expect(writeListing(read('')).toString()).toBe('');
	});

	it('is read as it was written', () => {
		const listing = read(
			'filter=missing&q=moon&genre=drama&genre=action&status=ongoing&year_from=1999&year_to=2010&provider=s&language=ja%2Ben&lacks_language=de&monitored=false&has_folder=true&sort=size&order=asc'
		);
		expect(listing).toEqual({
			filter: 'missing',
			q: 'moon',
			genre: ['drama', 'action'],
			status: 'ongoing',
			year_from: 1999,
			year_to: 2010,
			provider: 's',
			language: 'ja+en',
			lacks_language: 'de',
			monitored: false,
			has_folder: true,
			sort: 'size',
			order: 'asc'
		});
		expect(again(listing)).toEqual({ ...listing, genre: ['action', 'drama'] });
		expect(countNarrowing(listing)).toBe(10);
	});

	it('leaves out what makes no sense', () => {
		expect(read('filter=x&sort=x&order=up&status=x&year_from=old&year_to=99999&monitored=maybe&genre=&q=%20')).toEqual(
			read('')
		);
	});

	it('says the order only where it is not the usual one', () => {
		expect(writeListing({ sort: 'added', order: 'desc' }).toString()).toBe('sort=added');
		expect(writeListing({ sort: 'added', order: 'asc' }).toString()).toBe('sort=added&order=asc');
		expect(read('sort=missing').order).toBe('desc');
	});
});

it('widens to what the sheet does not narrow', () => {
	expect(widened(read('filter=missing&q=a&genre=x&monitored=true&sort=year'))).toEqual(
		read('filter=missing&q=a&sort=year')
	);
});

it('changes one thing, and takes out what is empty', () => {
	expect(changed({ genre: ['a'], q: 'x' }, { genre: [], status: 'ongoing' })).toEqual({ q: 'x', status: 'ongoing' });
	expect(changed({ monitored: false }, { monitored: null })).toEqual({});
});
