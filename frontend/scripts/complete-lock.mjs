/**
 * Completes package-lock.json after dependencies were changed (`npm run lock`).
 *
 * npm leaves out optional packages for other platforms that the registry in use does not offer, and then refuses its
 * own lock file in `npm ci`. They are entered here by version and platform alone. The file must name no host, whatever
 * registry it was made with.
 */
import { readFileSync, writeFileSync } from 'node:fs';

const file = new URL('../package-lock.json', import.meta.url);
const lock = JSON.parse(readFileSync(file, 'utf8'));
const packages = lock.packages;

/** The platform that a package of native code names at its end, so that others do not fetch it. @param {string} name */
function platform(name) {
	const os = /-(android|darwin|freebsd|linux|win32)-/.exec(name)?.[1];
	const cpu = /-(arm64|arm|x64|ia32|wasm32)(?=-|$)/.exec(name)?.[1];
	return { ...(cpu && { cpu: [cpu] }), ...(os && { os: [os] }) };
}

for (const [path, entry] of Object.entries(packages)) {
	delete entry.resolved;
	delete entry.funding;
	for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
		const hoisted = `node_modules/${name}`;
		if (`${path}/node_modules/${name}` in packages || hoisted in packages) continue;
		if (!/^\d+\.\d+\.\d+\S*$/.test(version)) {
			throw new Error(`${path} wants ${name}@${version}: only an exact version can be entered`);
		}
		packages[hoisted] = { version, ...platform(name), dev: true, optional: true };
		process.stdout.write(`entered ${name}@${version}\n`);
	}
}

lock.packages = Object.fromEntries(Object.entries(packages).sort(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync(file, `${JSON.stringify(lock, null, '\t')}\n`);
