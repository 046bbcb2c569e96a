import js from '@eslint/js';
import svelte from 'eslint-plugin-svelte';
import { defineConfig, globalIgnores } from 'eslint/config';
import globals from 'globals';
import { readdirSync } from 'node:fs';
import ts from 'typescript-eslint';

/*
 * Imports go one way: routes → events → features → {api, ui, utils}. A feature imports no other feature: a page that
 * needs two of them composes them.
 */
const features = readdirSync(new URL('./src/lib/features', import.meta.url));
const UP = { group: ['../*'], message: 'Name it by #lib/…, so that the direction can be seen.' };
const layer = (files, group, message) => ({
	files,
	rules: { 'no-restricted-imports': ['error', { patterns: [UP, { group, message }] }] }
});

export default defineConfig(
	globalIgnores(['.svelte-kit/', 'node_modules/', 'src/lib/api/generated/', 'src/lib/paraglide/', 'project.inlang/']),
	js.configs.recommended,
	ts.configs.strict,
	svelte.configs.recommended,
	{
		languageOptions: { globals: { ...globals.browser, ...globals.node } },
		rules: {
			// svelte-check and tsc know the names that exist.
			'no-undef': 'off',
			'@typescript-eslint/no-unused-vars': ['error', { varsIgnorePattern: '^_' }],
			'@typescript-eslint/consistent-type-imports': 'error',
			eqeqeq: 'error',
			'no-console': 'error',
			// New ones are made to be changed, not to be watched.
			'svelte/prefer-svelte-reactivity': 'off'
		}
	},
	{
		files: ['**/*.svelte', '**/*.svelte.ts'],
		languageOptions: { parserOptions: { parser: ts.parser } }
	},
	{
		files: ['src/**/*.ts', 'src/**/*.svelte'],
		languageOptions: { parserOptions: { projectService: true, extraFileExtensions: ['.svelte'], parser: ts.parser } },
		rules: {
			'@typescript-eslint/no-floating-promises': 'error',
			'@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: false }]
		}
	},
	layer(['src/routes/**'], ['$lib/*'], 'It is #lib here.'),
	layer(['src/lib/events/**'], ['**/routes/**'], 'events import features, api, ui, utils.'),
	...features.map((name) =>
		layer(
			[`src/lib/features/${name}/**`],
			['#lib/events/**', '**/routes/**', '#lib/features/**'],
			'A feature imports api, ui and utils; of other features nothing.'
		)
	),
	layer(['src/lib/ui/**'], ['#lib/events/**', '#lib/features/**', '**/routes/**'], 'ui imports api errors and utils.'),
	layer(
		['src/lib/api/**', 'src/lib/utils/**'],
		['#lib/events/**', '#lib/features/**', '#lib/ui/**', '**/routes/**'],
		'The lowest layer imports nothing of ours but the messages.'
	)
);
