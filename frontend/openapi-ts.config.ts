import { defineConfig } from '@hey-api/openapi-ts';

export default defineConfig({
	input: './openapi.json',
	output: { path: './src/lib/api/generated', module: { extension: null } },
	plugins: ['@hey-api/typescript', '@hey-api/sdk', '@hey-api/client-fetch']
});
