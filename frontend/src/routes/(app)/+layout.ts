import { error, redirect } from '@sveltejs/kit';
import { resolve } from '$app/paths';
import { errorText } from '#lib/api/errors.ts';
import { status } from '#lib/features/access/queries.ts';
import type { LayoutLoad } from './$types';

/** Everything below needs a session. A later end of it is noticed by the calls themselves. */
export const load: LayoutLoad = async ({ url, untrack }) => {
	const { setup_required, authenticated } = await status().catch((reason: unknown) => error(503, errorText(reason)));
	if (setup_required) redirect(307, resolve('/setup'));
	if (!authenticated) {
		const back = encodeURIComponent(untrack(() => url.pathname + url.search));
		redirect(307, resolve(`/login?next=${back}`));
	}
};
