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
const UP = { regex: '^\\.\\./', message: 'Name it by #lib/…, so that the direction can be seen.' };

/**
 * What a part may not import.
 * @param {string} files
 * @param {string} forbidden
 * @param {string} message
 * @returns {import('eslint').Linter.Config}
 */
function layer(files, forbidden, message) {
	const patterns = [UP, { regex: `^#lib/(${forbidden})/`, message }];
	return { files: [files], rules: { 'no-restricted-imports': ['error', { patterns }] } };
}

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
	...features.map((name) =>
		layer(
			`src/lib/features/${name}/**`,
			'events|features',
			'A feature imports api, ui and utils, and no other feature.'
		)
	),
	layer('src/lib/ui/**', 'events|features', 'ui knows no domain: it imports api, for the words of errors, and utils.'),
	layer('src/lib/api/**', 'events|features|ui|utils', 'api imports nothing of ours but the messages.'),
	layer('src/lib/utils/**', 'events|features|ui|api', 'utils import nothing of ours but the messages.'),
	{
		files: ['src/lib/**'],
		rules: {
			'no-restricted-syntax': [
				'error',
				{ selector: 'ImportDeclaration[source.value=/routes/]', message: 'Nothing imports a page.' }
			]
		}
	}
);
