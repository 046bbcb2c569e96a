/** The configuration. */
import { createQuery } from '@tanstack/svelte-query';
import { call, queryClient } from '#lib/api/client.ts';
import { getConfig, patchConfigSection, type AppConfig } from '#lib/api/generated/index.ts';

const key = ['config'] as const;

const query = { queryKey: key, queryFn: ({ signal }: { signal: AbortSignal }) => call(getConfig({ signal })) };

export function configuration() {
	return createQuery(() => query);
}

/** The configuration, once: for something that opens when it is known. */
export function knownConfiguration(): Promise<AppConfig> {
	return queryClient.fetchQuery(query);
}

/** Puts back what a change has changed. */
export type Inverse = () => Promise<unknown>;

/** Change some fields of a section; they hold at once. Answers the inverse change. */
export async function patchSection<Name extends keyof AppConfig>(
	name: Name,
	changes: Partial<NonNullable<AppConfig[Name]>>
): Promise<Inverse> {
	const before = ((await knownConfiguration())[name] ?? {}) as Record<string, unknown>;
	const section = await call(patchConfigSection({ path: { name }, body: { ...changes } }));
	queryClient.setQueryData<AppConfig>(key, (config) => config && { ...config, [name]: section });
	const inverse = Object.fromEntries(
		Object.keys(changes).map((field) => [field, before[field] ?? null])
	) as typeof changes;
	return () => patchSection(name, inverse);
}
