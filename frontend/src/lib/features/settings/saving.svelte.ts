/** One form's way to the server: busy, saved, or wrong at which field. */
import { errorText, fieldErrors } from '#lib/api/errors.ts';
import { m } from '#lib/paraglide/messages.js';
import { notify } from '#lib/ui/notify.svelte.ts';

export class Saving {
	busy = $state(false);
	/** What is wrong, by field. A path inside a list counts for the list. */
	fields = $state<Record<string, string>>({});

	async run(save: () => Promise<void>): Promise<void> {
		this.busy = true;
		this.fields = {};
		try {
			await save();
			notify.success(m.settings_saved());
		} catch (error) {
			this.fields = Object.fromEntries(
				Object.entries(fieldErrors(error)).map(([field, message]) => [field.split(/[.[]/, 1)[0] ?? field, message])
			);
			if (Object.keys(this.fields).length === 0) notify.error(errorText(error));
		}
		this.busy = false;
	}
}
