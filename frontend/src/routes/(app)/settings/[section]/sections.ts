import { m } from '#lib/paraglide/messages.js';

/** The pages of the settings, in order. */
export const SECTIONS = ['library', 'downloads', 'sources', 'metadata', 'appearance', 'account'] as const;
export type Section = (typeof SECTIONS)[number];

export const sectionNames: Record<Section, () => string> = {
	library: m.settings_library,
	downloads: m.settings_downloads,
	sources: m.settings_sources,
	metadata: m.settings_metadata,
	appearance: m.settings_appearance,
	account: m.settings_account
};
