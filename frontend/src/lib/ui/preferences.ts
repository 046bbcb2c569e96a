import { m } from '#lib/paraglide/messages.js';
import type { Locale } from '#lib/paraglide/runtime.js';
import type { Theme } from './theme.svelte';

export const themeNames: Record<Theme, () => string> = {
	system: m.theme_system,
	light: m.theme_light,
	dark: m.theme_dark,
	contrast: m.theme_contrast
};

/** Languages call themselves by their own name. */
export const localeNames: Record<Locale, string> = { en: 'English', de: 'Deutsch' };
