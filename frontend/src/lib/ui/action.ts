/**
 * An action is told once (by a feature's `actions.ts`) and shown anywhere: as a button, in a menu, in the palette.
 */
import type { Component } from 'svelte';
import { errorText } from '#lib/api/errors.ts';
import { notify } from './notify.svelte';

export interface Action {
	id: string;
	title: string;
	icon: Component<{ size?: number | string }>;
	run: () => unknown;
	/** Why it cannot be used right now; it is shown and does nothing. Actions that make no sense are not made at all. */
	disabled?: string | null | undefined;
	danger?: boolean;
	/** Keys that do it (see `utils/shortcuts.ts`), where it is offered to them. */
	shortcut?: string;
	/** A word beside the title in the palette. */
	note?: string | undefined;
}

/** Actions whose condition holds, in order: `actions(canStop && stop, canStart && start)`. */
export function actions(...candidates: (Action | false | null | undefined)[]): Action[] {
	return candidates.filter((candidate): candidate is Action => Boolean(candidate));
}

/** Runs it and tells what went wrong. Resolves to whether it went well. */
export async function perform(action: Pick<Action, 'run' | 'disabled'>): Promise<boolean> {
	if (action.disabled) return false;
	try {
		await action.run();
		return true;
	} catch (error) {
		notify.error(errorText(error));
		return false;
	}
}
