/** What the palette and the shortcuts can do on every page. */
import Activity from '@lucide/svelte/icons/activity';
import ArrowDownToLine from '@lucide/svelte/icons/arrow-down-to-line';
import Folders from '@lucide/svelte/icons/folders';
import Keyboard from '@lucide/svelte/icons/keyboard';
import Library from '@lucide/svelte/icons/library';
import ListFilter from '@lucide/svelte/icons/list-filter';
import PenLine from '@lucide/svelte/icons/pen-line';
import Search from '@lucide/svelte/icons/search';
import Settings from '@lucide/svelte/icons/settings';
import SquareTerminal from '@lucide/svelte/icons/square-terminal';
import SunMoon from '@lucide/svelte/icons/sun-moon';
import TextSearch from '@lucide/svelte/icons/text-search';
import { goto } from '$app/navigation';
import { resolve } from '$app/paths';
import { page } from '$app/state';
import type { QueueOverview } from '#lib/api/generated/index.ts';
import { rescan } from '#lib/features/library/actions.ts';
import { savedFilters } from '#lib/features/library/saved.svelte.ts';
import { findSeries } from '#lib/features/library/queries.ts';
import { completedActions, failedActions, modeActions } from '#lib/features/queue/actions.ts';
import { m } from '#lib/paraglide/messages.js';
import type { Action } from '#lib/ui/action.ts';
import { commands, type Finder, type Group } from '#lib/ui/commands.svelte.ts';
import { themeNames } from '#lib/ui/preferences.ts';
import { theme, THEMES } from '#lib/ui/theme.svelte.ts';
import { SECTIONS, sectionNames } from './settings/[section]/sections';

const go = (id: string, title: string, icon: Action['icon'], path: string, shortcut?: string): Action => ({
	id: `go-${id}`,
	title,
	icon,
	...(shortcut && { shortcut }),
	// eslint-disable-next-line svelte/no-navigation-without-resolve -- made by resolve
	run: () => goto(path)
});

/** Every page. */
export function pages(): Action[] {
	return [
		go('library', m.nav_library(), Library, resolve('library'), 'g l'),
		go('search', m.nav_search(), Search, resolve('search'), 'g s'),
		go('queue', m.nav_queue(), ArrowDownToLine, resolve('queue'), 'g q'),
		go('activity', m.nav_activity(), Activity, resolve('activity'), 'g a'),
		go('unmatched', m.unmatched_title(), Folders, resolve('library/unmatched'), 'g u'),
		go('organise', m.organise_title(), PenLine, resolve('library/organise'), 'g r'),
		go('settings', m.nav_settings(), Settings, resolve('settings'), 'g ,'),
		...SECTIONS.map((section) =>
			go(
				`settings-${section}`,
				`${m.nav_settings()}: ${sectionNames[section]()}`,
				Settings,
				resolve(`settings/${section}`)
			)
		)
	];
}

/** What is there everywhere. */
export function everywhere(overview: QueueOverview | undefined): Group[] {
	const general: Action[] = [
		{
			id: 'palette',
			title: m.commands_palette(),
			icon: SquareTerminal,
			shortcut: 'mod+k',
			run: () => (commands.sheet === 'palette' ? commands.close() : commands.open('palette'))
		},
		{ id: 'help', title: m.shortcuts_title(), icon: Keyboard, shortcut: '?', run: () => commands.open('help') },
		{ id: 'find-here', title: m.commands_search_here(), icon: TextSearch, shortcut: '/', run: focusSearch },
		...THEMES.filter((value) => value !== theme.choice).map((value) => ({
			id: `theme-${value}`,
			title: m.commands_theme({ theme: themeNames[value]() }),
			icon: SunMoon,
			run: () => (theme.choice = value)
		}))
	];
	return [
		{ title: m.commands_go(), actions: pages() },
		{
			title: m.filters_saved(),
			actions: savedFilters.all.map(({ name, query }) =>
				go(`filter-${name}`, name, ListFilter, resolve(`library?${query}`))
			)
		},
		{
			title: m.nav_queue(),
			actions: overview ? [...modeActions(overview), ...failedActions(), ...completedActions()] : []
		},
		{ title: m.commands_series(), actions: [rescan()] },
		{ title: m.commands_general(), actions: general }
	];
}

/** The field to search in, where the page has one; else the page that does nothing else. */
function focusSearch(): void {
	const field = document.querySelector<HTMLInputElement>('main input[type=search]');
	if (field) field.select();
	else void goto(resolve('search'));
}

/** Series of the library by a part of their name, and the way to look for more. */
export const series: Finder = async (query, signal) => {
	const found = await findSeries(query, signal);
	const online: Action = {
		id: 'find-online',
		title: m.commands_find_online({ q: query }),
		icon: Search,
		run: () => goto(resolve(`search?q=${encodeURIComponent(query)}`))
	};
	return [
		{
			title: m.commands_series(),
			actions: found.map(({ key, name, year, missing_episodes }) => ({
				id: `series-${key}`,
				title: name,
				icon: Library,
				note: missing_episodes > 0 ? m.series_missing({ count: missing_episodes }) : year?.toString(),
				run: () => goto(resolve(`library/${encodeURIComponent(key)}`))
			}))
		},
		{ title: m.commands_sources(), actions: page.route.id?.endsWith('/search') ? [] : [online] }
	];
};
