/** Formatting in the language of the interface: `format.ts` with the locale filled in, plus the words it needs. */
import { m } from '#lib/paraglide/messages.js';
import { getLocale } from '#lib/paraglide/runtime.js';
import * as format from './format';

export const bytes = (value: number) => format.bytes(value, getLocale());
export const speed = (value: number) => format.speed(value, getLocale());
export const percent = (value: number) => format.percent(value, getLocale());
export const duration = (seconds: number) => format.duration(seconds, getLocale());
export const latency = (seconds: number) => format.latency(seconds, getLocale());
export const date = (value: string) => format.date(value, getLocale());
export const moment = (value: string) => format.moment(value, getLocale());
export const clock = (value: string) => format.clock(value, getLocale());
export const weekdays = () => format.weekdays(getLocale());
export const ago = (value: string) => format.ago(value, getLocale());

/** `Japanese, English subtitles` for `ja+en`. */
export function language(tag: string): string {
	const { audio, subtitles } = format.languageParts(tag);
	const heard = format.languageName(audio, getLocale());
	return subtitles
		? m.language_subtitled({ audio: heard, subtitles: format.languageName(subtitles, getLocale()) })
		: heard;
}

/** `Season 2`, `Specials`, or the name that the source gives it. */
export function seasonName(season: number, name = ''): string {
	if (season === 0) return m.season_specials();
	const plain = new RegExp(`^(season|staffel)\\s*0*${season}$`, 'i');
	return name && !plain.test(name) ? name : m.season_number({ number: season });
}
