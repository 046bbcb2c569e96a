import { error, redirect } from '@sveltejs/kit';
import { resolve } from '$app/paths';
import { errorText } from '#lib/api/errors.ts';
import { status } from '#lib/features/access/queries.ts';

export async function load(): Promise<void> {
	const { setup_required } = await status().catch((reason: unknown) => error(503, errorText(reason)));
	if (!setup_required) redirect(307, resolve('library'));
}
