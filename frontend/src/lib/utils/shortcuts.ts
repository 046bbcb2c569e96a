/**
 * Keys and what they mean. A shortcut is written as `mod+k`, `shift+x`, `?` or, one key after the other, `g l`; `mod` is
 * Cmd on a Mac and Ctrl elsewhere.
 */

/** What is read of a key press. */
export type Press = Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey' | 'shiftKey'>;

/** Longer than this between two keys, and they are no sequence. Milliseconds. */
export const SEQUENCE = 1200;

const LETTER = /^[a-z0-9]$/;
const NAMES: Record<string, string> = {
	arrowup: '↑',
	arrowdown: '↓',
	arrowleft: '←',
	arrowright: '→',
	escape: 'Esc',
	enter: '↵',
	' ': 'Space'
};

/** The press in the words of a shortcut; null: no key by itself. */
export function spell(press: Press, mac: boolean): string | null {
	const key = press.key.toLowerCase();
	if (['control', 'meta', 'alt', 'shift', 'dead', 'unidentified', 'process'].includes(key)) return null;
	const mod = mac ? press.metaKey : press.ctrlKey;
	// The other of the two is the system's or the browser's own.
	if ((mac ? press.ctrlKey : press.metaKey) || press.altKey) return null;
	// A sign that needs Shift on one keyboard needs none on another: it is named by itself.
	const shift = press.shiftKey && (LETTER.test(key) || key.length > 1);
	return `${mod ? 'mod+' : ''}${shift ? 'shift+' : ''}${key}`;
}

/** Remembers what was pressed before, for shortcuts of two keys. */
export class Keys {
	#before: { word: string; at: number } | null = null;

	/** Which of the shortcuts the press completes; `null`: none. `now` in milliseconds. */
	press(word: string, known: readonly string[], now: number): string | null {
		const before = this.#before && now - this.#before.at < SEQUENCE ? this.#before.word : null;
		this.#before = { word, at: now };
		const both = before && `${before} ${word}`;
		if (both && known.includes(both)) {
			this.#before = null;
			return both;
		}
		return known.includes(word) ? word : null;
	}
}

/** The shortcut as keys to be shown: `['⌘', 'K']`, `['G', 'L']`. */
export function keycaps(shortcut: string, mac: boolean): string[] {
	return shortcut.split(' ').flatMap((word) =>
		word.split(/\+(?=.)/).map((part) => {
			if (part === 'mod') return mac ? '⌘' : 'Ctrl';
			if (part === 'shift') return mac ? '⇧' : 'Shift';
			return NAMES[part] ?? (part.length === 1 ? part.toUpperCase() : part[0]?.toUpperCase() + part.slice(1));
		})
	);
}

/** Whether somebody writes there: then a letter is a letter. */
export function isWriting(target: EventTarget | null): boolean {
	if (!(target instanceof HTMLElement)) return false;
	if (target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement)
		return true;
	return (
		target instanceof HTMLInputElement &&
		!['button', 'checkbox', 'radio', 'range', 'submit', 'reset', 'file'].includes(target.type)
	);
}

/** Whether this is a Mac or an iPad, which name their keys otherwise. */
export const isMac = (): boolean => /mac|iphone|ipad/i.test(navigator.platform);
