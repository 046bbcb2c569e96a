/** Collects what is to be fetched again, so that a burst of events costs one round of requests. */
import type { QueryKey } from '@tanstack/svelte-query';

/** Milliseconds between the first event of a burst and the requests. */
const WAIT = 120;

/** `flush` gets each key once; the next round waits until it is through, so that a slow server is not overrun. */
export function batch(flush: (keys: QueryKey[]) => Promise<unknown>, wait = WAIT): (keys: readonly QueryKey[]) => void {
	const collected = new Map<string, QueryKey>();
	let busy = false;

	const run = async () => {
		const keys = [...collected.values()];
		collected.clear();
		await flush(keys).catch(() => undefined); // each query shows its own error
		if (collected.size > 0) setTimeout(() => void run(), wait);
		else busy = false;
	};

	return (keys) => {
		for (const key of keys) collected.set(JSON.stringify(key), key);
		if (busy || collected.size === 0) return;
		busy = true;
		setTimeout(() => void run(), wait);
	};
}
