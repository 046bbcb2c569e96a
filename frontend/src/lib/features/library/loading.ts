/** How far the background loading of a series is, in words. */
import { m } from '#lib/paraglide/messages.js';
import type { Series } from './queries';

export type Step = 'episodes' | 'nfo' | 'logo' | 'images';
export const STEPS: readonly Step[] = ['episodes', 'nfo', 'logo', 'images'];

export const stepName: Record<Step, () => string> = {
	episodes: m.loading_step_episodes,
	nfo: m.loading_step_nfo,
	logo: m.loading_step_logo,
	images: m.loading_step_images
};

const statusText: Record<Series['loading_status'], () => string> = {
	pending: m.loading_pending,
	loading_episodes: m.loading_episodes,
	loading_nfo: m.loading_nfo,
	loading_logo: m.loading_logo,
	loading_images: m.loading_images,
	completed: m.loading_completed,
	failed: m.loading_failed
};

export function loadingText(series: Series): string {
	return statusText[series.loading_status]();
}

/** It goes on right now, or waits its turn. */
export function isLoading(series: Series): boolean {
	return series.loading_status !== 'completed' && series.loading_status !== 'failed';
}

export function isLoaded(series: Series, step: Step): boolean {
	return series[`${step}_loaded`];
}

export type StepState = 'done' | 'running' | 'failed' | 'waiting';

/** Where one step stands. */
export function stepState(series: Series, step: Step): StepState {
	if (isLoaded(series, step)) return 'done';
	if (series.loading_status === `loading_${step}`) return 'running';
	return series.loading_status === 'failed' ? 'failed' : 'waiting';
}
