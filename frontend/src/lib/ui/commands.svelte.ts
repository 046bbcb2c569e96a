/**
 * What can be done right now, wherever somebody is: every page and every part that is on the screen offers its actions
 * here, and the palette, the shortcuts and the help sheet read them.
 */
import { untrack } from 'svelte';
import type { Action } from './action';

export interface Group {
	/** Heading in the palette and in the help sheet. */
	title: string;
	actions: readonly Action[];
}

/** Groups of one title become one, where the first of them stands; each action is there once, and no group is empty. */
export function together(groups: readonly Group[]): Group[] {
	const found = new Map<string, Map<string, Action>>();
	for (const { title, actions } of groups) {
		const group = found.get(title) ?? new Map<string, Action>();
		for (const action of actions) if (!group.has(action.id)) group.set(action.id, action);
		if (group.size > 0) found.set(title, group);
	}
	return [...found].map(([title, actions]) => ({ title, actions: [...actions.values()] }));
}

/** Finds things by a name, for the palette: the groups that were found, the best first. */
export type Finder = (query: string, signal: AbortSignal) => Promise<readonly Group[]>;

type Offer = () => readonly Group[];

let offers = $state.raw<readonly Offer[]>([]);
let finders = $state.raw<readonly Finder[]>([]);
let sheet = $state<'palette' | 'help' | null>(null);

export const commands = {
	/** All there are, those that came last first: what is nearest to where somebody is. */
	get groups(): Group[] {
		return together(offers.toReversed().flatMap((groups) => groups()));
	},
	get finders(): readonly Finder[] {
		return finders;
	},
	/** Which of the two sheets is open. */
	get sheet(): 'palette' | 'help' | null {
		return sheet;
	},
	open(which: 'palette' | 'help'): void {
		sheet = which;
	},
	close(): void {
		sheet = null;
	}
};

/** Offers actions as long as the component lives that calls this. */
export function offer(groups: Offer): void {
	$effect.pre(() => {
		offers = [...untrack(() => offers), groups];
		return () => (offers = offers.filter((one) => one !== groups));
	});
}

/** Lets the palette find more than actions as long as the component lives that calls this. */
export function offerFinder(finder: Finder): void {
	$effect.pre(() => {
		finders = [...untrack(() => finders), finder];
		return () => (finders = finders.filter((one) => one !== finder));
	});
}
