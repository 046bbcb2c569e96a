/**
 * The event stream: one connection for a browser, whatever the number of its tabs.
 *
 * A browser allows few connections to a host, so the tabs elect one (by a lock that ends with the tab) that listens and
 * passes on what it hears. Where locks are missing, which is on plain HTTP, every tab listens while it can be seen.
 */
import type { StreamEventsResponse } from '#lib/api/generated/index.ts';

export type AppEvent = StreamEventsResponse;

/**
 * `connecting`: for the first time; `lost`: it was there, or did not come up, and is tried again.
 */
export type StreamState = 'connecting' | 'open' | 'lost';

export interface Listener {
	event(event: AppEvent): void;
	/** Events may have been missed: everything that is shown may be stale. */
	resync(): void;
	state(state: StreamState): void;
	/** Asked when the server refused the stream: is there still a session? False ends the stream for good. */
	allowed(): Promise<boolean>;
}

export interface Browser {
	locks: LockManager | null;
	/** Null where there is no page that could be hidden. */
	page: Document | null;
}

/** Every type of event: an EventSource has to be told each of them. The compiler finds one that is missing. */
const TYPES = Object.keys({
	download_started: 1,
	download_complete: 1,
	download_failed: 1,
	download_progress: 1,
	queue_status: 1,
	queue_started: 1,
	queue_stopped: 1,
	queue_paused: 1,
	queue_resumed: 1,
	series_loading_update: 1,
	series_added: 1,
	series_updated: 1,
	series_removed: 1,
	operation_update: 1,
	provider_state: 1,
	scan_complete: 1,
	scan_failed: 1,
	scan_progress: 1,
	system_info: 1,
	system_warning: 1,
	system_error: 1,
	resync: 1
} satisfies Record<AppEvent['type'], 1>);

const NAME = 'aniworld-events';
const FIRST_RETRY = 1000;
const LAST_RETRY = 30_000;
/** A hidden tab that listens by itself lets go after this long. */
const HIDDEN_FOR = 20_000;

type Message = { event: AppEvent } | { state: StreamState } | { resync: true } | { hello: true };

/** Listens until the returned function is called. */
export function listen(
	url: string,
	listener: Listener,
	browser: Browser = { locks: navigator.locks ?? null, page: document }
): () => void {
	return browser.locks ? share(url, listener, browser.locks) : listenWhileSeen(url, listener, browser.page);
}

function share(url: string, listener: Listener, locks: LockManager): () => void {
	const channel = new BroadcastChannel(NAME);
	const waiting = new AbortController();
	let state: StreamState = 'connecting';
	let close: (() => void) | null = null;
	let release: () => void = () => undefined;
	let followed = false;

	const send = (message: Message) => channel.postMessage(message);
	const tell = (next: StreamState) => {
		state = next;
		listener.state(next);
	};

	channel.onmessage = ({ data }: MessageEvent<Message>) => {
		if ('hello' in data) {
			if (close) send({ state });
		} else if (close) {
			// This tab listens itself.
		} else if ('event' in data) {
			listener.event(data.event);
		} else if ('resync' in data) {
			listener.resync();
		} else {
			followed = true;
			tell(data.state);
		}
	};
	send({ hello: true });

	locks
		.request(NAME, { signal: waiting.signal }, () => {
			const ended = new Promise<void>((resolve) => (release = resolve));
			close = open(
				url,
				{
					...listener,
					event: (event) => {
						send({ event });
						listener.event(event);
					},
					resync: () => {
						send({ resync: true });
						listener.resync();
					},
					state: (next) => {
						send({ state: next });
						tell(next);
					}
				},
				// The tab that listened before is gone, and with it the number of the last event.
				followed
			);
			return ended;
		})
		.catch((error: unknown) => {
			if (!waiting.signal.aborted) throw error;
		});

	return () => {
		waiting.abort();
		close?.();
		close = null;
		release();
		channel.close();
	};
}

function listenWhileSeen(url: string, listener: Listener, page: Document | null): () => void {
	let close: (() => void) | null = open(url, listener, false);
	let timer: ReturnType<typeof setTimeout> | undefined;
	const changed = () => {
		clearTimeout(timer);
		if (page?.visibilityState === 'hidden') {
			timer = setTimeout(() => {
				close?.();
				close = null;
			}, HIDDEN_FOR);
		} else {
			close ??= open(url, listener, true);
		}
	};
	page?.addEventListener('visibilitychange', changed);
	return () => {
		clearTimeout(timer);
		page?.removeEventListener('visibilitychange', changed);
		close?.();
	};
}

/** One connection, kept up. `stale`: what was shown before it may be out of date. */
function open(url: string, listener: Listener, stale: boolean): () => void {
	let source: EventSource;
	let attempts = 0;
	let closed = false;
	let timer: ReturnType<typeof setTimeout> | undefined;

	const receive = ({ data }: MessageEvent<string>) => {
		const event = JSON.parse(data) as AppEvent;
		if (event.type === 'resync') listener.resync();
		else listener.event(event);
	};

	const again = async () => {
		// The browser has given up, which it does on any answer but 200. It does not tell which.
		attempts += 1;
		const allowed = await listener.allowed().catch(() => true);
		if (closed || !allowed) return;
		const pause = Math.min(LAST_RETRY, FIRST_RETRY * 2 ** (attempts - 1));
		timer = setTimeout(connect, pause * (0.75 + Math.random() / 2));
	};

	const connect = () => {
		source = new EventSource(url);
		source.onopen = () => {
			attempts = 0;
			listener.state('open');
			if (stale) listener.resync();
			// From here on the browser itself reconnects and names the last event that it got.
			stale = false;
		};
		source.onerror = () => {
			if (closed) return;
			listener.state('lost');
			if (source.readyState === EventSource.CLOSED) {
				stale = true;
				void again();
			}
		};
		for (const type of TYPES) source.addEventListener(type, receive);
	};

	listener.state('connecting');
	connect();
	return () => {
		closed = true;
		clearTimeout(timer);
		source.close();
	};
}
