import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { listen, type AppEvent, type Browser, type Listener, type StreamState } from './stream';

/** A real server, real EventSources and real locks: "tabs" of this process share them as those of a browser do. */
let server: Server;
let url: string;
let status = 200;
let open: ServerResponse[] = [];
let asked: (string | undefined)[] = [];
const ends: (() => void)[] = [];

beforeEach(async () => {
	status = 200;
	open = [];
	asked = [];
	server = createServer((request, response) => {
		asked.push(request.headers['last-event-id'] as string | undefined);
		if (status !== 200) {
			response.writeHead(status).end();
			return;
		}
		response.writeHead(200, { 'Content-Type': 'text/event-stream' }).write('retry: 20\n\n');
		open.push(response);
		response.on('close', () => (open = open.filter((other) => other !== response)));
	});
	await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
	url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/events`;
});

afterEach(async () => {
	for (const end of ends.splice(0)) end();
	server.closeAllConnections();
	await new Promise((resolve) => server.close(resolve));
});

let number = 0;
function send(event: AppEvent) {
	number += 1;
	for (const response of open) {
		response.write(`id: ${number}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
	}
}

function tab(browser: Browser, allowed = true) {
	const heard: AppEvent[] = [];
	const states: StreamState[] = [];
	const seen = { heard, states, resyncs: 0, questions: 0 };
	const listener: Listener = {
		event: (event) => void heard.push(event),
		resync: () => void (seen.resyncs += 1),
		state: (state) => void states.push(state),
		allowed: () => {
			seen.questions += 1;
			return Promise.resolve(allowed);
		}
	};
	const end = listen(url, listener, browser);
	ends.push(end);
	return { ...seen, seen, end };
}

const timestamp = '2026-01-10T12:00:00Z';
const added: AppEvent = { type: 'series_added', timestamp, data: { key: 'a', name: 'A' } };
const shared: Browser = { locks: navigator.locks, page: null };
const alone: Browser = { locks: null, page: null };
const until = (check: () => void) => vi.waitFor(check, { timeout: 5000, interval: 10 });

describe('one tab', () => {
	it('hears events and knows that it does', async () => {
		const one = tab(alone);
		await until(() => expect(one.states).toEqual(['connecting', 'open']));
		send(added);
		await until(() => expect(one.heard).toEqual([added]));
		expect(one.seen.resyncs).toBe(0);
	});

	it('comes back after a break and names the last event it got', async () => {
		const one = tab(alone);
		await until(() => expect(open).toHaveLength(1));
		send(added);
		await until(() => expect(one.heard).toHaveLength(1));
		for (const response of open) response.destroy();
		await until(() => expect(one.states).toEqual(['connecting', 'open', 'lost', 'open']));
		expect(asked.at(-1)).toBe(String(number));
		expect(one.seen.resyncs).toBe(0);
	});

	it('looks at everything again when events were lost to it', async () => {
		const one = tab(alone);
		await until(() => expect(open).toHaveLength(1));
		send({ type: 'resync', timestamp, data: {} });
		await until(() => expect(one.seen.resyncs).toBe(1));
		expect(one.heard).toEqual([]);
	});

	it('ends for good when the session is over', async () => {
		status = 401;
		const one = tab(alone, false);
		await until(() => expect(one.seen.questions).toBe(1));
		expect(one.states.at(-1)).toBe('lost');
		expect(asked).toHaveLength(1);
	});

	it('tries again by itself where the server only stumbled, and then looks at everything again', async () => {
		status = 503;
		const one = tab(alone);
		await until(() => expect(one.seen.questions).toBe(1));
		status = 200;
		await until(() => expect(one.states.at(-1)).toBe('open'));
		expect(one.seen.resyncs).toBe(1);
	});
});

describe('several tabs', () => {
	it('share one connection', async () => {
		const tabs = [tab(shared), tab(shared), tab(shared)];
		await until(() => {
			for (const each of tabs) expect(each.states.at(-1)).toBe('open');
		});
		send(added);
		await until(() => {
			for (const each of tabs) expect(each.heard).toEqual([added]);
		});
		expect(asked).toHaveLength(1);
	});

	it('elect another when the one that listens is closed, which looks at everything again', async () => {
		const first = tab(shared);
		await until(() => expect(first.states.at(-1)).toBe('open'));
		const second = tab(shared);
		const third = tab(shared);
		await until(() => expect(third.states.at(-1)).toBe('open'));
		first.end();
		await until(() => expect(asked).toHaveLength(2));
		await until(() => {
			expect(second.seen.resyncs).toBe(1);
			expect(third.seen.resyncs).toBe(1);
		});
		await until(() => expect(open).toHaveLength(1));
		send(added);
		await until(() => {
			expect(second.heard).toEqual([added]);
			expect(third.heard).toEqual([added]);
		});
		expect(first.heard).toEqual([]);
	});
});
