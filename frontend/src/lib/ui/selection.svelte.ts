/** What is chosen in a long list, by click, with Shift from one to another, by long touch, or by key. */
import { SvelteMap } from 'svelte/reactivity';

export class Selection<Item> {
	readonly #chosen = new SvelteMap<string, Item>();
	#anchor: number | null = null;

	/** `between` brings the items from one place to another, both included, whether they are on the page or not. */
	constructor(
		private readonly id: (item: Item) => string,
		private readonly between: (first: number, last: number) => Promise<readonly Item[]>
	) {}

	get items(): Item[] {
		return [...this.#chosen.values()];
	}

	get size(): number {
		return this.#chosen.size;
	}

	has(item: Item): boolean {
		return this.#chosen.has(this.id(item));
	}

	/** Choose one or leave it; `range`: all from the last one that was chosen. */
	async toggle(item: Item, index: number, range = false): Promise<void> {
		if (range && this.#anchor !== null) {
			const [first, last] = [Math.min(this.#anchor, index), Math.max(this.#anchor, index)];
			for (const one of await this.between(first, last)) this.#chosen.set(this.id(one), one);
			return;
		}
		this.#anchor = index;
		if (!this.#chosen.delete(this.id(item))) this.#chosen.set(this.id(item), item);
	}

	async all(count: number): Promise<void> {
		for (const one of await this.between(0, count - 1)) this.#chosen.set(this.id(one), one);
	}

	clear(): void {
		this.#chosen.clear();
		this.#anchor = null;
	}
}
