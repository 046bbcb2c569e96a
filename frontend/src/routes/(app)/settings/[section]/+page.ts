import { error } from '@sveltejs/kit';
import { SECTIONS, type Section } from './sections';
import type { PageLoad } from './$types';

export const load: PageLoad = ({ params }): { section: Section } => {
	const section = SECTIONS.find((name) => name === params.section);
	return section ? { section } : error(404);
};
