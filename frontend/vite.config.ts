import { paraglideVitePlugin } from '@inlang/paraglide-js';
import adapter from '@sveltejs/adapter-static';
import { sveltekit } from '@sveltejs/kit/vite';
import tailwindcss from '@tailwindcss/vite';
import { defineConfig } from 'vitest/config';

const web = '../backend/aniworld/web';
const backend = process.env.ANIWORLD_BACKEND ?? 'http://127.0.0.1:8000';

export default defineConfig({
	plugins: [
		tailwindcss(),
		paraglideVitePlugin({
			project: './project.inlang',
			outdir: './src/lib/paraglide',
			strategy: ['localStorage', 'preferredLanguage', 'baseLocale'],
			emitTsDeclarations: true
		}),
		sveltekit({
			adapter: adapter({ pages: web, assets: web, fallback: 'index.html', precompress: true }),
			paths: { relative: false },
			// A tab that is open while the server is updated loads the new pages at its next navigation.
			version: { pollInterval: 0 }
		})
	],
	// Nothing becomes a data: address: the content security policy allows those for pictures only.
	build: { assetsInlineLimit: 0 },
	server: { proxy: { '/api': backend, '/health': backend } },
	test: { include: ['src/**/*.test.ts'], environment: 'node', execArgv: ['--experimental-eventsource'] }
});
