/**
 * Putting the rows of a long list into another order, by mouse, by touch and by key. Rows have one height; the list may
 * show only a part of itself. Nothing is changed before the row is let go.
 */
import { m } from '#lib/paraglide/messages.js';
import { announcer } from './announce.svelte';

/** Pixels at the upper and lower edge of the window in which the list runs along. */
const EDGE = 90;
const FASTEST = 22;

interface List {
	count: number;
	/** Height of a row in pixels. */
	tall: number;
	element: HTMLElement;
	onmove: (from: number, to: number) => unknown;
}

export class Sorter {
	/** The row that is held; null: none. */
	from = $state<number | null>(null);
	/** Where it would go now. */
	to = $state(0);
	/** Held by a pointer, at this height of the window. */
	y = $state<number | null>(null);
	#name = '';

	constructor(private readonly list: () => List | null) {}

	/** How far the line that shows the new place is from the top of the list, in pixels; null: nothing would change. */
	get line(): number | null {
		const list = this.list();
		if (this.from === null || !list || this.to === this.from) return null;
		return (this.to > this.from ? this.to + 1 : this.to) * list.tall;
	}

	/** A finger or a button goes down on the handle of a row. */
	grab(event: PointerEvent, index: number, name: string): void {
		if (event.button !== 0) return;
		event.preventDefault();
		this.#hold(index, name);
		this.y = event.clientY;
		let frame = requestAnimationFrame(this.#run);
		const move = (next: PointerEvent) => {
			if (next.pointerId !== event.pointerId) return;
			this.y = next.clientY;
			cancelAnimationFrame(frame);
			frame = requestAnimationFrame(this.#run);
		};
		const end = (last: Event) => {
			if (last instanceof PointerEvent && last.pointerId !== event.pointerId) return;
			if (last instanceof KeyboardEvent && last.key !== 'Escape') return;
			for (const type of ['pointermove', 'pointerup', 'pointercancel', 'keydown']) {
				removeEventListener(type, type === 'pointermove' ? (move as EventListener) : end);
			}
			if (last.type === 'pointerup') this.#drop();
			else this.#release();
		};
		addEventListener('pointermove', move as EventListener);
		for (const type of ['pointerup', 'pointercancel', 'keydown']) addEventListener(type, end);
	}

	/** A key on the handle: Space lifts and puts down, the arrows carry it, Escape puts it back. */
	key(event: KeyboardEvent, index: number, name: string): void {
		const list = this.list();
		if (!list) return;
		const held = this.from !== null;
		const steps: Record<string, number> = {
			ArrowUp: this.to - 1,
			ArrowDown: this.to + 1,
			Home: 0,
			End: list.count - 1
		};
		if (event.key === ' ' || event.key === 'Enter') {
			if (held) this.#drop();
			else {
				this.#hold(index, name);
				announcer.say(m.sort_lifted({ name, place: index + 1, count: list.count }));
			}
		} else if (held && event.key === 'Escape') {
			this.#release();
			announcer.say(m.sort_put_back({ name }));
		} else if (held && event.key in steps) {
			this.to = Math.max(0, Math.min(list.count - 1, steps[event.key] ?? this.to));
			this.#show(list);
			announcer.say(m.sort_place({ place: this.to + 1, count: list.count }));
		} else return;
		event.preventDefault();
		event.stopPropagation();
	}

	/** The handle lost the focus: nobody holds it any more. */
	leave(): void {
		if (this.y === null) this.#release();
	}

	#hold(index: number, name: string): void {
		this.from = this.to = index;
		this.#name = name;
	}

	readonly #run = (): void => {
		const list = this.list();
		if (this.y === null || !list) return;
		const top = list.element.getBoundingClientRect().top;
		this.to = Math.max(0, Math.min(list.count - 1, Math.floor((this.y - top) / list.tall)));
		const near = this.y < EDGE ? this.y - EDGE : Math.max(0, this.y - (innerHeight - EDGE));
		if (near === 0) return;
		scrollBy(0, (Math.max(-EDGE, Math.min(EDGE, near)) / EDGE) * FASTEST);
		requestAnimationFrame(this.#run);
	};

	#show(list: List): void {
		const top = list.element.getBoundingClientRect().top + this.to * list.tall;
		if (top < EDGE) scrollBy(0, top - EDGE);
		else if (top + list.tall > innerHeight - EDGE) scrollBy(0, top + list.tall - innerHeight + EDGE);
	}

	#drop(): void {
		const { from, to } = this;
		const list = this.list();
		this.#release();
		if (from === null || from === to || !list) return;
		announcer.say(m.moved_to({ name: this.#name, place: to + 1, count: list.count }));
		list.onmove(from, to);
	}

	#release(): void {
		this.from = this.y = null;
	}
}
