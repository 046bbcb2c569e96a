/** A text in parts, of which some are not in the other one. */
export interface Part {
	text: string;
	changed: boolean;
}

const WORDS = /[\p{L}\p{N}]+|[^\p{L}\p{N}]/gu;

/** Where two names differ: what they begin and end with alike is the same, word for word. */
export function difference(before: string, after: string): { before: Part[]; after: Part[] } {
	const [one, other] = [before.match(WORDS) ?? [], after.match(WORDS) ?? []];
	const shorter = Math.min(one.length, other.length);
	let start = 0;
	while (start < shorter && one[start] === other[start]) start += 1;
	let end = 0;
	while (end < shorter - start && one[one.length - 1 - end] === other[other.length - 1 - end]) end += 1;
	const parts = (words: string[]): Part[] =>
		[
			{ text: words.slice(0, start).join(''), changed: false },
			{ text: words.slice(start, words.length - end).join(''), changed: true },
			{ text: words.slice(words.length - end).join(''), changed: false }
		].filter(({ text }) => text);
	return { before: parts(one), after: parts(other) };
}
