import type { Attachment } from 'svelte/attachments';

/** How far a finger has to go, in pixels. */
const FAR = 96;
/** Before this it may still become a scroll. */
const SURE = 12;

/**
 * A row that a finger pushes aside: `left` and `right` are done when it goes far enough and is let go. The same must be
 * there as a button. Sets `--swipe` (pixels) and `data-swipe` on the element while it moves.
 */
export function swipe(does: {
	left?: (() => unknown) | null;
	right?: (() => unknown) | null;
}): Attachment<HTMLElement> {
	return (element) => {
		let start: { x: number; y: number; id: number } | null = null;
		let gone = 0;

		const settle = () => {
			start = null;
			gone = 0;
			element.style.removeProperty('--swipe');
			delete element.dataset.swipe;
		};
		const down = (event: PointerEvent) => {
			if (event.pointerType === 'touch' && event.isPrimary)
				start = { x: event.clientX, y: event.clientY, id: event.pointerId };
		};
		const move = (event: PointerEvent) => {
			if (!start || event.pointerId !== start.id) return;
			const [x, y] = [event.clientX - start.x, event.clientY - start.y];
			if (!element.dataset.swipe) {
				if (Math.abs(x) < SURE) return;
				if (Math.abs(y) > Math.abs(x)) return settle();
				element.setPointerCapture(event.pointerId);
			}
			gone = (x < 0 && does.left) || (x > 0 && does.right) ? x : 0;
			element.style.setProperty('--swipe', `${gone}px`);
			element.dataset.swipe = gone < 0 ? 'left' : 'right';
		};
		const up = () => {
			const action = gone <= -FAR ? does.left : gone >= FAR ? does.right : null;
			settle();
			action?.();
		};
		const listeners = { pointerdown: down, pointermove: move, pointerup: up, pointercancel: settle } as const;
		for (const [type, listener] of Object.entries(listeners)) element.addEventListener(type, listener as EventListener);
		return () => {
			for (const [type, listener] of Object.entries(listeners)) {
				element.removeEventListener(type, listener as EventListener);
			}
		};
	};
}
