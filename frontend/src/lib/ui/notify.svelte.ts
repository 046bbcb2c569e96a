/** Short messages that go away by themselves. The library behind it is loaded when the first one is told. */
import { m } from '#lib/paraglide/messages.js';

interface Options {
	description?: string;
	undo?: () => unknown;
}

const UNDO_FOR = 10_000;

type Kind = 'success' | 'error' | 'info' | 'warning';

let needed = $state(false);

function tell(kind: Kind, title: string, { description, undo }: Options = {}): void {
	needed = true;
	void import('svelte-sonner').then(({ toast }) =>
		toast[kind](title, {
			...(description && { description }),
			...(undo && {
				duration: UNDO_FOR,
				action: { label: m.action_undo(), onClick: () => void undo() }
			})
		})
	);
}

export const notify = {
	/** Whether there is anything to show: until then its place on the page is not made either. */
	get needed(): boolean {
		return needed;
	},
	success: (title: string, options?: Options) => tell('success', title, options),
	error: (title: string, options?: Options) => tell('error', title, options),
	info: (title: string, options?: Options) => tell('info', title, options),
	warning: (title: string, options?: Options) => tell('warning', title, options)
};
