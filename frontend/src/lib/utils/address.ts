/** What is chosen on a page stands in its address: a reload, a link and the way back keep it. */
import { goto } from '$app/navigation';

/** Put one choice into the address of the present page; null takes it out. The page stays where it is. */
export function choose(present: Pick<URL, 'href'>, name: string, value: string | null): void {
	const url = new URL(present.href);
	if (value === null) url.searchParams.delete(name);
	else url.searchParams.set(name, value);
	// eslint-disable-next-line svelte/no-navigation-without-resolve -- made from an address that is resolved
	void goto(url, { replace: true, reset: false });
}
