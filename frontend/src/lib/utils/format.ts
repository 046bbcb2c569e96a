/** Numbers, dates and names as a person reads them, in the language of the interface. Pure; nothing here translates. */

const UNITS = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const;
const numbers = new Map<string, Intl.NumberFormat>();

function number(locale: string, options: Intl.NumberFormatOptions): Intl.NumberFormat {
	const key = `${locale} ${JSON.stringify(options)}`;
	let format = numbers.get(key);
	if (!format) numbers.set(key, (format = new Intl.NumberFormat(locale, options)));
	return format;
}

function scaled(bytes: number): { value: number; unit: string; digits: number } {
	let value = Math.max(0, bytes);
	let step = 0;
	// From 999.5 on, the next unit reads better than four digits.
	while (value >= 999.5 && step < UNITS.length - 1) {
		value /= 1000;
		step += 1;
	}
	return { value, unit: UNITS[step] ?? 'byte', digits: step === 0 || value >= 99.5 ? 0 : value >= 9.95 ? 1 : 2 };
}

/** `1.25 GB`. Decimal units, as file managers and network people count. */
export function bytes(value: number, locale: string): string {
	const { value: amount, unit, digits } = scaled(value);
	return number(locale, { style: 'unit', unit, unitDisplay: 'short', maximumFractionDigits: digits }).format(amount);
}

/** `3.4 MB/s` from bytes per second. */
export function speed(value: number, locale: string): string {
	const { value: amount, unit, digits } = scaled(value);
	return number(locale, {
		style: 'unit',
		unit: `${unit}-per-second`,
		unitDisplay: 'short',
		minimumFractionDigits: digits === 2 ? 1 : digits,
		maximumFractionDigits: digits === 2 ? 1 : digits
	}).format(amount);
}

/** `42 %` from 0…100. Never shows 100 before it is done. */
export function percent(value: number, locale: string): string {
	const whole = value >= 100 ? 100 : Math.min(99, Math.max(0, Math.floor(value)));
	return number(locale, { style: 'percent' }).format(whole / 100);
}

/** `1 hr 5 min`, `5 min`, `40 sec`: the two largest parts at most, seconds only below two minutes. */
export function duration(seconds: number, locale: string): string {
	const total = Math.max(0, Math.round(seconds));
	const parts: [number, string][] = [];
	if (total < 120) {
		parts.push([total, 'second']);
	} else {
		const minutes = Math.round(total / 60);
		const days = Math.floor(minutes / 1440);
		const hours = Math.floor((minutes % 1440) / 60);
		if (days) parts.push([days, 'day']);
		if (hours) parts.push([hours, 'hour']);
		if (!days && minutes % 60) parts.push([minutes % 60, 'minute']);
	}
	return parts
		.map(([value, unit]) => number(locale, { style: 'unit', unit, unitDisplay: 'short' }).format(value))
		.join(' ');
}

/** `0.3 sec`, `12 sec`: how long something took to answer. */
export function latency(seconds: number, locale: string): string {
	const digits = seconds < 9.95 ? 1 : 0;
	return number(locale, { style: 'unit', unit: 'second', unitDisplay: 'short', maximumFractionDigits: digits }).format(
		Math.max(seconds, 0.1)
	);
}

/** `4/18/2021`-like, with a short month name, from an ISO date or timestamp. */
export function date(value: string, locale: string): string {
	// A date without a time means that day everywhere, not midnight in Greenwich.
	const day = /^\d{4}-\d{2}-\d{2}$/.test(value) ? new Date(`${value}T12:00:00`) : new Date(value);
	return new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short', year: 'numeric' }).format(day);
}

/** Date and time of a timestamp. */
export function moment(value: string, locale: string): string {
	return new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' }).format(new Date(value));
}

/** `Sat 06:00`: a time within the next days. */
export function clock(value: string, locale: string): string {
	return new Intl.DateTimeFormat(locale, { weekday: 'short', hour: '2-digit', minute: '2-digit' }).format(
		new Date(value)
	);
}

/** The days of the week from Monday on, short. */
export function weekdays(locale: string): string[] {
	const format = new Intl.DateTimeFormat(locale, { weekday: 'short', timeZone: 'UTC' });
	return Array.from({ length: 7 }, (_, day) => format.format(Date.UTC(2024, 0, 1 + day)));
}

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
	['year', 31_536_000],
	['month', 2_592_000],
	['week', 604_800],
	['day', 86_400],
	['hour', 3600],
	['minute', 60]
];

/** `3 hours ago`, `in 2 weeks`, seen from `now` (milliseconds). */
export function ago(value: string, locale: string, now = Date.now()): string {
	const seconds = (new Date(value).getTime() - now) / 1000;
	const format = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' });
	for (const [unit, size] of STEPS) {
		if (Math.abs(seconds) >= size) return format.format(Math.trunc(seconds / size), unit);
	}
	return format.format(0, 'second');
}

/** `S01E05`. */
export function episodeCode(season: number, episode: number): string {
	return `S${String(season).padStart(2, '0')}E${String(episode).padStart(2, '0')}`;
}

/** The name of a BCP 47 language in `locale`, or the tag itself. */
export function languageName(tag: string, locale: string): string {
	try {
		return new Intl.DisplayNames([locale], { type: 'language' }).of(tag) ?? tag;
	} catch {
		return tag; // not a well-formed tag
	}
}

/** `ja+en` taken apart: what is heard and what is read, if anything. */
export function languageParts(tag: string): { audio: string; subtitles: string | null } {
	const [audio = tag, subtitles = null] = tag.split('+', 2);
	return { audio, subtitles };
}

/** `JA · EN` for a small label. */
export function languageShort(tag: string): string {
	return tag
		.split('+')
		.map((part) => part.split('-', 1)[0]?.toUpperCase() ?? part)
		.join(' · ');
}

/** `Firefox · Linux` from a user agent; the first word of it where that is not a browser's. */
export function agent(value: string): string {
	const browser = /Firefox\//.test(value)
		? 'Firefox'
		: /Edg\//.test(value)
			? 'Edge'
			: /OPR\//.test(value)
				? 'Opera'
				: /Chrome\//.test(value)
					? 'Chrome'
					: /Safari\//.test(value)
						? 'Safari'
						: null;
	if (!browser) return value.split(/[\s/]/, 1)[0] || value;
	const system = /iPhone|iPad/.test(value)
		? 'iOS'
		: /Android/.test(value)
			? 'Android'
			: /Windows/.test(value)
				? 'Windows'
				: /Mac OS X/.test(value)
					? 'macOS'
					: /Linux/.test(value)
						? 'Linux'
						: null;
	return system ? `${browser} · ${system}` : browser;
}

/** A hue (0…359) that a name always gets: placeholders of the same series look the same everywhere. */
export function hue(name: string): number {
	let hash = 2166136261;
	for (const char of name) hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 16777619);
	return (hash >>> 0) % 360;
}
