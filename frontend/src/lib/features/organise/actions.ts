/** Renaming and putting back. Both answer the operation that does it. */
import Undo2 from '@lucide/svelte/icons/undo-2';
import { call, queryClient } from '#lib/api/client.ts';
import { organiseLibrary, undoOrganiseChange } from '#lib/api/generated/index.ts';
import { m } from '#lib/paraglide/messages.js';
import type { Action } from '#lib/ui/action.ts';
import { organiseKeys, type Change } from './queries';

/** Look at everything anew. */
export async function lookAgain(): Promise<void> {
	await Promise.all([
		queryClient.invalidateQueries({ queryKey: organiseKeys.preview, exact: true }),
		queryClient.invalidateQueries({ queryKey: organiseKeys.changes })
	]);
}

/** Do what the preview of that token shows. If something changed since, it is looked at again, and the error tells. */
export async function organise(token: string): Promise<string> {
	try {
		return (await call(organiseLibrary({ body: { token } }))).operation_id;
	} catch (error) {
		void lookAgain();
		throw error;
	}
}

/** Put back what a change moved. */
export function undo(change: Change, started: (operation: string) => void): Action {
	return {
		id: 'organise-undo',
		title: m.action_undo(),
		icon: Undo2,
		run: async () => {
			started((await call(undoOrganiseChange({ path: { change_id: change.id } }))).operation_id);
			await queryClient.invalidateQueries({ queryKey: organiseKeys.changes });
		}
	};
}
