/** Short messages that go away by themselves. The library behind it is loaded when the first one is told. */
import { m } from '#lib/paraglide/messages.js';

interface Options {
	description?: string;
	undo?: () => unknown;
}

const UNDO_FOR = 10_000;

type Kind = 'success' | 'error' | 'info' | 'warning';

function tell(kind: Kind, title: string, { description, undo }: Options = {}): void {
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
	success: (title: string, options?: Options) => tell('success', title, options),
	error: (title: string, options?: Options) => tell('error', title, options),
	info: (title: string, options?: Options) => tell('info', title, options),
	warning: (title: string, options?: Options) => tell('warning', title, options)
};
