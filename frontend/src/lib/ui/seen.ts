import type { Action } from 'svelte/action';

/** Calls back whenever the element comes near the screen: the end of a list that goes on. */
export const whenSeen: Action<HTMLElement, () => void> = (element, callback) => {
	let seen = callback;
	const observer = new IntersectionObserver(
		(entries) => {
			if (entries.some((entry) => entry.isIntersecting)) seen();
		},
		{ rootMargin: '600px' }
	);
	observer.observe(element);
	return {
		update: (next) => {
			seen = next;
			// What came may not have filled the screen: look again.
			observer.unobserve(element);
			observer.observe(element);
		},
		destroy: () => observer.disconnect()
	};
};
