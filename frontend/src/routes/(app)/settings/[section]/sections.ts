/** The pages of the settings, in order. */
export const SECTIONS = ['library', 'downloads', 'sources', 'appearance', 'account'] as const;
export type Section = (typeof SECTIONS)[number];
