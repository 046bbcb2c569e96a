/** What becomes of several wanted languages of one episode, in words. */
import { m } from '#lib/paraglide/messages.js';

export const LANGUAGE_MODES = ['one', 'replace', 'all'] as const;
export type LanguageMode = (typeof LANGUAGE_MODES)[number];

export const languageModes: Record<LanguageMode, { label: () => string; hint: () => string }> = {
	one: { label: m.languages_mode_one, hint: m.languages_mode_one_hint },
	replace: { label: m.languages_mode_replace, hint: m.languages_mode_replace_hint },
	all: { label: m.languages_mode_all, hint: m.languages_mode_all_hint }
};

/** Languages that can be chosen where nothing says which there are. */
export const LANGUAGES = ['de', 'en', 'ja', 'ja+de', 'ja+en', 'fr', 'ja+fr', 'es', 'ja+es', 'it', 'ja+it'] as const;
