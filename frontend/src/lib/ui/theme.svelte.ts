/** Light, dark, or as the system has it. The script in app.html sets it before the first paint. */
export type Theme = 'system' | 'light' | 'dark';

const KEY = 'theme';
const BARS = { light: '#f7f6f3', dark: '#0d0f15' };

function stored(): Theme {
	try {
		const value = localStorage.getItem(KEY);
		return value === 'light' || value === 'dark' ? value : 'system';
	} catch {
		return 'system'; // storage is switched off
	}
}

class ThemeChoice {
	#choice = $state<Theme>(stored());
	#system = matchMedia('(prefers-color-scheme: light)');

	constructor() {
		this.#system.addEventListener('change', () => this.#apply());
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

	#apply(): void {
		const shown = this.#choice === 'system' ? (this.#system.matches ? 'light' : 'dark') : this.#choice;
		document.documentElement.dataset.theme = shown;
		document.querySelector('meta[name=theme-color]')?.setAttribute('content', BARS[shown]);
	}
}

export const theme = new ThemeChoice();
