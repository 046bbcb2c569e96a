import { expect, it } from 'vitest';
import type { Action } from './action';
import { together } from './commands.svelte';

const action = (id: string) => ({ id, title: id, run: () => undefined }) as unknown as Action;
const ids = (groups: ReturnType<typeof together>) =>
	groups.map(({ title, actions }) => [title, actions.map((a) => a.id)]);

it('makes one group of those that are called the same, and no empty one', () => {
	const groups = together([
		{ title: 'Series', actions: [action('all')] },
		{ title: 'Nothing', actions: [] },
		{ title: 'Queue', actions: [action('stop')] },
		{ title: 'Series', actions: [action('scan'), action('all')] }
	]);
	expect(ids(groups)).toEqual([
		['Series', ['all', 'scan']],
		['Queue', ['stop']]
	]);
});
