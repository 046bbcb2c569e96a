/** The catalogues and hosters, and how they do. */
import { createQuery } from '@tanstack/svelte-query';
import { call, queryClient } from '#lib/api/client.ts';
import {
	checkProvider,
	listProviders,
	updateProvider,
	type ProviderOut,
	type UpdateProvider
} from '#lib/api/generated/index.ts';
import { m } from '#lib/paraglide/messages.js';

export type Source = ProviderOut;

/** How a source does, in words and in colour. */
export const sourceStates = { healthy: m.sources_healthy, degraded: m.sources_degraded, down: m.sources_down };
export const sourceTones = { healthy: 'accent', degraded: 'lamp', down: 'danger' } as const;

export const sourceKeys = {
	all: ['sources'] as const
};

/** Every catalogue, then every hoster that was met. Their numbers change with each request, so they are asked often. */
export function sourceList() {
	return createQuery(() => ({
		queryKey: sourceKeys.all,
		queryFn: ({ signal }) => call(listProviders({ signal })),
		staleTime: 10_000,
		refetchInterval: 30_000
	}));
}

/** Ask it now, whatever its cool-down says. */
export async function check({ name, kind }: Source): Promise<Source> {
	try {
		return await call(checkProvider({ path: { provider: name }, query: { kind } }));
	} finally {
		await queryClient.invalidateQueries({ queryKey: sourceKeys.all });
	}
}

/** Switch it on or off, or give it a place among the preferred ones. */
export async function change({ name, kind }: Source, body: UpdateProvider): Promise<void> {
	try {
		await call(updateProvider({ path: { provider: name }, query: { kind }, body }));
	} finally {
		await queryClient.invalidateQueries({ queryKey: sourceKeys.all });
	}
}
