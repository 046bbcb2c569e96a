/** Light, dark, all the contrast there is, or as the system has it. The script in app.html sets it before the first paint. */
export const THEMES = ['system', 'light', 'dark', 'contrast'] as const;
export type Theme = (typeof THEMES)[number];

const KEY = 'theme';
const BARS = { light: '#f7f6f3', dark: '#0d0f15', contrast: '#000000' };

function stored(): Theme {
	try {
		const value = localStorage.getItem(KEY);
		return THEMES.find((theme) => theme === value) ?? 'system';
	} catch {
		return 'system'; // storage is switched off
	}
}

class ThemeChoice {
	#choice = $state<Theme>(stored());
	#light = matchMedia('(prefers-color-scheme: light)');
	#contrast = matchMedia('(prefers-contrast: more)');
	#shown = $state<Exclude<Theme, 'system'>>('dark');

	constructor() {
		for (const query of [this.#light, this.#contrast]) query.addEventListener('change', () => this.#apply());
		this.#shown = this.#now();
		// Another tab of the same browser.
		addEventListener('storage', (event) => {
			if (event.key !== KEY) return;
			this.#choice = stored();
			this.#apply();
		});
	}

	get choice(): Theme {
		return this.#choice;
	}

	set choice(value: Theme) {
		this.#choice = value;
		try {
			if (value === 'system') localStorage.removeItem(KEY);
			else localStorage.setItem(KEY, value);
		} catch {
			// It holds until the page is left.
		}
		this.#apply();
	}

	/** What is seen. */
	get shown(): Exclude<Theme, 'system'> {
		return this.#shown;
	}

	#now(): Exclude<Theme, 'system'> {
		if (this.#choice !== 'system') return this.#choice;
		if (this.#light.matches) return 'light'; // with the lines that more contrast asks for, see tokens.css
		return this.#contrast.matches ? 'contrast' : 'dark';
	}

	#apply(): void {
		this.#shown = this.#now();
		document.documentElement.dataset.theme = this.#shown;
		document.querySelector('meta[name=theme-color]')?.setAttribute('content', BARS[this.#shown]);
	}
}

export const theme = new ThemeChoice();
