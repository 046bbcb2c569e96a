/** Lists that a person puts in order. Pure. */

/** A copy with one of them further along; one that would leave the list stays. */
export function moved<Item>(list: readonly Item[], index: number, by: number): Item[] {
	const copy = [...list];
	if (index + by >= 0 && index + by < list.length) copy.splice(index + by, 0, ...copy.splice(index, 1));
	return copy;
}
