/** What the sources know, told as they answer. */
import { createQuery } from '@tanstack/svelte-query';
import { base, call, queryClient } from '#lib/api/client.ts';
import { addAnime, search, type SearchAnswer, type SearchItem } from '#lib/api/generated/index.ts';

export type Found = SearchItem;
export type Results = Pick<SearchAnswer, 'items' | 'failed_providers' | 'waiting'>;

export const searchKeys = {
	all: ['search'] as const,
	results: (q: string) => ['search', q] as const
};

/** All sources are asked; what is known after each answer is shown at once, the most relevant first. */
export function searchResults(q: () => string) {
	return createQuery(() => ({
		queryKey: searchKeys.results(q()),
		queryFn: ({ signal }) =>
			listen(q(), signal, (known) => queryClient.setQueryData<Results>(searchKeys.results(q()), known)),
		enabled: q() !== '',
		staleTime: 60_000
	}));
}

/** Resolves to all that is known when every source has answered. */
async function listen(q: string, signal: AbortSignal, tell: (known: Results) => void): Promise<Results> {
	const heard = await stream(`${base}/api/search/stream?${new URLSearchParams({ q })}`, signal, tell);
	if (heard) return heard;
	// A stream does not say why it was refused, and some proxies hold it back: asked plainly, the answer or the error comes.
	return { ...(await call(search({ query: { q }, signal }))), waiting: [] };
}

/** Null: the stream did not come to its end. */
function stream(url: string, signal: AbortSignal, tell: (known: Results) => void): Promise<Results | null> {
	return new Promise((resolve, reject) => {
		const source = new EventSource(url);
		let known: Results = { items: [], failed_providers: [], waiting: [] };
		source.addEventListener('answer', ({ data }: MessageEvent<string>) => {
			known = JSON.parse(data) as SearchAnswer;
			tell(known);
		});
		source.addEventListener('done', () => {
			source.close();
			resolve(known);
		});
		source.addEventListener('error', () => {
			source.close();
			resolve(null);
		});
		signal.addEventListener('abort', () => {
			source.close();
			reject(new DOMException('', 'AbortError'));
		});
	});
}

/** Put a series into the library, with all its sources. It answers at once; its data follows. */
export function add({ provider, provider_key, name, sources }: Found) {
	return call(addAnime({ body: { provider, provider_key, name, sources: sources.slice(0, 20) } }));
}
