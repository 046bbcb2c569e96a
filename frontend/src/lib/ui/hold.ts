import type { Attachment } from 'svelte/attachments';

/** Milliseconds that a finger rests. */
const LONG = 450;
/** A finger that moves further than this scrolls. */
const STILL = 10;

/** Called when a finger rests on the element; the click that follows is swallowed. The same must be there as a button. */
export function longTouch(does: () => unknown): Attachment<HTMLElement> {
	return (element) => {
		let timer: ReturnType<typeof setTimeout> | undefined;
		let start: { x: number; y: number } | null = null;
		let held = false;

		const down = (event: PointerEvent) => {
			held = false;
			if (event.pointerType !== 'touch' || !event.isPrimary) return;
			start = { x: event.clientX, y: event.clientY };
			timer = setTimeout(() => {
				held = true;
				does();
			}, LONG);
		};
		const move = (event: PointerEvent) => {
			if (start && Math.hypot(event.clientX - start.x, event.clientY - start.y) > STILL) clearTimeout(timer);
		};
		const end = () => clearTimeout(timer);
		const click = (event: MouseEvent) => {
			if (!held) return;
			held = false;
			event.preventDefault();
			event.stopPropagation();
		};
		/** The browser's own menu of a link. */
		const menu = (event: Event) => {
			if (start && held) event.preventDefault();
		};
		const listeners: [string, EventListener, boolean?][] = [
			['pointerdown', down as EventListener],
			['pointermove', move as EventListener],
			['pointerup', end],
			['pointercancel', end],
			['click', click as EventListener, true],
			['contextmenu', menu]
		];
		for (const [type, listener, capture] of listeners) element.addEventListener(type, listener, capture);
		return () => {
			end();
			for (const [type, listener, capture] of listeners) element.removeEventListener(type, listener, capture);
		};
	};
}
