/** Lists of which only some parts are here: `offset` says where a part begins. */
export interface Part<Item> {
	offset: number;
	items: readonly Item[];
}

/** One item goes from a place to another, as far as the parts that are here show it. What is not here stays unknown. */
export function moved<Item, Whole extends Part<Item> = Part<Item>>(
	parts: readonly Whole[],
	from: number,
	to: number
): Whole[] {
	const before = new Map(
		parts.flatMap(({ offset, items }) => items.map((item, index) => [offset + index, item] as const))
	);
	const source = (place: number): number => {
		if (place === to) return from;
		if (from < to && place >= from && place < to) return place + 1;
		if (to < from && place > to && place <= from) return place - 1;
		return place;
	};
	return parts.map((part) => ({
		...part,
		items: part.items.map((item, index) => before.get(source(part.offset + index)) ?? item)
	}));
}
