/** What a screen reader is told without being asked: one sentence at a time, never faster than a person can listen. */
const PAUSE = 4000;

export class Announcer {
	/** The sentence in the live region. */
	text = $state('');
	#waiting: string[] = [];
	#timer: ReturnType<typeof setTimeout> | null = null;

	/** Tell it next. While sentences wait, only the newest of them is kept: the others are old news by then. */
	say(text: string): void {
		this.#waiting = [text];
		if (this.#timer === null) this.#next();
	}

	#next(): void {
		const text = this.#waiting.shift();
		if (text === undefined) {
			this.#timer = null;
			return;
		}
		this.text = text;
		this.#timer = setTimeout(() => this.#next(), PAUSE);
	}
}

export const announcer = new Announcer();
