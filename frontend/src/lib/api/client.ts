/** How this program calls the API: generated functions, one way to fail. */
import { resolve } from '$app/paths';
import { QueryClient } from '@tanstack/svelte-query';
import { ApiError, fromAnswer } from './errors';
import { client } from './generated/client.gen';

/** The path under which everything is served; empty at the root of a host. */
export const base = resolve('/').replace(/\/$/, '');

client.setConfig({ baseUrl: base, credentials: 'same-origin' });
client.interceptors.request.use((request) => {
	// The server refuses a change that is not declared as JSON: a form on another site cannot send that.
	if (request.method !== 'GET') request.headers.set('Content-Type', 'application/json');
	return request;
});

let unauthenticated: () => void = () => undefined;

/** What to do when the session is over. One listener: the outermost layout. */
export function onUnauthenticated(listener: () => void): void {
	unauthenticated = listener;
}

/** The session is over: somebody found out. */
export function sessionEnded(): void {
	unauthenticated();
}

type Answer<T> = Promise<{ data?: T | undefined; error?: unknown; response?: Response | undefined }>;

/** What a generated function answers, or an {@link ApiError}: `await call(listAnime({ query }))`. */
export async function call<T>(answer: Answer<T>): Promise<T> {
	const { data, error, response } = await answer.catch((reason: unknown) => ({
		data: undefined,
		error: reason,
		response: undefined
	}));
	if (!response) {
		if (error instanceof DOMException && error.name === 'AbortError') throw error;
		throw new ApiError(0, 'unreachable', error instanceof Error ? error.message : '');
	}
	if (!response.ok) {
		const problem = fromAnswer(response, error);
		if (problem.code === 'unauthenticated') sessionEnded();
		throw problem;
	}
	return data as T;
}

type ImageKind = 'poster' | 'fanart' | 'logo' | 'banner' | 'thumb';
type ImageSize = 'small' | 'large';

/** Address of a picture of a series; with its hash (`v`) it is kept for ever. */
export function imageUrl(key: string, kind: ImageKind, size?: ImageSize, v?: string): string {
	const query = new URLSearchParams({ ...(size && { size }), ...(v && { v }) }).toString();
	return `${base}/api/anime/${encodeURIComponent(key)}/images/${kind}${query && `?${query}`}`;
}

/** Address of the picture that lies beside an episode's file; with its hash (`v`) it is kept for ever. */
export function episodeImageUrl(key: string, season: number, episode: number, size: ImageSize, v: string): string {
	const query = new URLSearchParams({ size, v }).toString();
	return `${base}/api/anime/${encodeURIComponent(key)}/episodes/${season}/${episode}/images/thumb?${query}`;
}

/** How wide the server makes the small and the large one; a picture that is narrower stays as it is. */
const WIDTHS = { poster: [200, 400], fanart: [640, 1280] } as const;

/** What an `img` is told of a picture of a series, so that it takes the smallest that will do. */
export function imageSources(
	key: string,
	kind: keyof typeof WIDTHS,
	image: { hash: string; width: number } | undefined
): { src: string; srcset: string } {
	const at = (size?: ImageSize) => imageUrl(key, kind, size, image?.hash);
	const [small, large] = WIDTHS[kind];
	const sources = [`${at('small')} ${small}w`, `${at('large')} ${large}w`];
	if (image && image.width > large) sources.push(`${at()} ${image.width}w`);
	return { src: at('small'), srcset: sources.join(', ') };
}

/** The cache of everything the server told. Events say when to look again, so it keeps for long. */
export const queryClient = new QueryClient({
	defaultOptions: {
		queries: {
			staleTime: 5 * 60_000,
			gcTime: 15 * 60_000,
			retry: (failures, error) => failures < 2 && error instanceof ApiError && error.transient && error.status !== 429,
			retryDelay: (failures) => Math.min(4000, 500 * 2 ** failures),
			networkMode: 'always'
		},
		mutations: { networkMode: 'always' }
	}
});
