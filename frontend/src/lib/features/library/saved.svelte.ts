/** Listings of the library that somebody gave a name. They stay in this browser. */
const KEY = 'library-filters';
const MOST = 50;

export interface SavedFilter {
	name: string;
	/** As in an address (`listing.ts`). */
	query: string;
}

function stored(): readonly SavedFilter[] {
	try {
		const value: unknown = JSON.parse(localStorage.getItem(KEY) ?? '[]');
		return Array.isArray(value) ? value.filter(isSaved) : [];
	} catch {
		return []; // storage is switched off, or holds something else
	}
}

function isSaved(value: unknown): value is SavedFilter {
	const { name, query } = (value ?? {}) as Partial<SavedFilter>;
	return typeof name === 'string' && name !== '' && typeof query === 'string';
}

class SavedFilters {
	#all = $state.raw(stored());

	constructor() {
		// Another tab of the same browser.
		addEventListener('storage', (event) => {
			if (event.key === KEY) this.#all = stored();
		});
	}

	/** The one that was saved last comes last. */
	get all(): readonly SavedFilter[] {
		return this.#all;
	}

	/** Keep it; one of the same name is replaced. */
	save(saved: SavedFilter): void {
		this.#keep([...this.#all.filter(({ name }) => name !== saved.name), saved].slice(-MOST));
	}

	/** Forget it. Answers how to have it back, where it was. */
	remove(name: string): () => void {
		const before = this.#all;
		this.#keep(before.filter((saved) => saved.name !== name));
		return () => this.#keep(before);
	}

	#keep(all: readonly SavedFilter[]): void {
		this.#all = all;
		try {
			localStorage.setItem(KEY, JSON.stringify(all));
		} catch {
			// They hold until the page is left.
		}
	}
}

export const savedFilters = new SavedFilters();
