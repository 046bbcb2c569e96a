/**
 * Keeps the shell of the program, so that it opens at once and without a network too. Never what the API tells: that is
 * the server's alone, and as fresh as it is.
 */
import { self } from '$app/service-worker';
import { version } from '$app/env';

const SHELL = `shell-${version}`;
const START = new URL('./', self.location.href).pathname;
/** Files that carry a hash of their content in their name: what was fetched once is right for ever. */
const LASTING = `${START}_app/immutable/`;
/** A server that does not answer within this many milliseconds is not waited for: the shell says so itself. */
const PATIENCE = 4000;

self.addEventListener('install', (event) => {
	event.waitUntil(caches.open(SHELL).then((shell) => shell.add(new Request(START, { cache: 'reload' }))));
	void self.skipWaiting();
});

self.addEventListener('activate', (event) => {
	event.waitUntil(
		caches
			.keys()
			.then((names) => Promise.all(names.filter((name) => name !== SHELL).map((name) => caches.delete(name))))
			.then(() => self.clients.claim())
	);
});

self.addEventListener('fetch', (event) => {
	const { request } = event;
	const url = new URL(request.url);
	if (request.method !== 'GET' || url.origin !== self.location.origin) return;
	if (request.mode === 'navigate') event.respondWith(page(request));
	else if (url.pathname.startsWith(LASTING)) event.respondWith(lasting(request));
});

/** The page as the server has it now; the one that was kept, where the server cannot be reached. */
async function page(request: Request): Promise<Response> {
	try {
		return await fetch(request, { signal: AbortSignal.timeout(PATIENCE) });
	} catch (error) {
		const kept = await (await caches.open(SHELL)).match(START);
		if (kept) return kept;
		throw error;
	}
}

async function lasting(request: Request): Promise<Response> {
	const shell = await caches.open(SHELL);
	const kept = await shell.match(request);
	if (kept) return kept;
	const answer = await fetch(request);
	if (answer.ok) await shell.put(request, answer.clone());
	return answer;
}
