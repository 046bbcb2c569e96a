/** One form's way to the server: busy, saved, or wrong at which field. */
import { errorText, fieldErrors } from '#lib/api/errors.ts';
import { m } from '#lib/paraglide/messages.js';
import { perform } from '#lib/ui/action.ts';
import { notify } from '#lib/ui/notify.svelte.ts';
import type { Inverse } from './queries';

let undone = $state(0);

/** How often something was taken back: forms show what holds then. */
export const revision = () => undone;

/** Says that it was saved, and for a while how to take that back. */
export function tellSaved(inverse?: Inverse): void {
	const undo = async () => {
		if (inverse && (await perform({ run: inverse }))) undone += 1;
	};
	notify.success(m.settings_saved(), inverse ? { undo } : {});
}

export class Saving {
	busy = $state(false);
	/** What is wrong, by field. A path inside a list counts for the list. */
	fields = $state<Record<string, string>>({});

	/** `save` may answer how it is taken back. */
	async run(save: () => Promise<Inverse | undefined>): Promise<void> {
		this.busy = true;
		this.fields = {};
		try {
			tellSaved(await save());
		} catch (error) {
			this.fields = Object.fromEntries(
				Object.entries(fieldErrors(error)).map(([field, message]) => [field.split(/[.[]/, 1)[0] ?? field, message])
			);
			if (Object.keys(this.fields).length === 0) notify.error(errorText(error));
		}
		this.busy = false;
	}
}
