/**
 * Cleans up after a parent that had no time to: killed by SIGKILL, crashed, or closed with its terminal.
 *
 * Each server has a shell that blocks on reading a pipe from us. When we end in whatever way, the kernel closes the pipe, the
 * read ends, and the shell stops the server and removes its folder. A pipe needs no polling, cannot mistake a reused pid of the
 * parent for the parent, and costs one sleeping shell of half a megabyte where a watching Node process would cost forty.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { Socket } from 'node:net';

const SCRIPT = `
pid=
while read -r word value; do
	case "$word" in
		pid) pid=$value ;;
		done) exit 0 ;;
	esac
done
if [ -n "$pid" ]; then
	kill -s "$1" "$pid" 2>/dev/null
	sleep 0.2
	rm -rf "$2"
	tries=0
	while kill -0 "$pid" 2>/dev/null && [ "$tries" -lt 30 ]; do sleep 0.1; tries=$((tries + 1)); done
	kill -9 "$pid" 2>/dev/null
fi
rm -rf "$2"
`;

interface Reaper {
	readonly pid: number;
	/** The process to stop, or null while none runs. */
	watch(pid: number | null): void;
	/** Everything is clean already: the reaper ends without doing anything. */
	dismiss(): Promise<void>;
}

export interface ReaperOptions {
	/** What ends this kind of server without leaving anything behind: QUIT for PostgreSQL, KILL for most. */
	readonly signal: 'QUIT' | 'KILL';
	readonly folder: string;
}

export async function startReaper({ signal, folder }: ReaperOptions): Promise<Reaper> {
	const child = spawn('/bin/sh', ['-c', SCRIPT, 'sandbox-reaper', signal, folder], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
	await once(child, 'spawn');
	const { pid, stdin } = child;
	if (pid === undefined || stdin === null) throw new Error('the reaper has no pid or no pipe');
	// A reaper that was killed must not take us along by a broken pipe, nor keep us alive.
	stdin.on('error', () => {});
	if (stdin instanceof Socket) stdin.unref();
	child.unref();
	return {
		pid,
		watch: (watched) => void stdin.write(`pid ${watched ?? ''}\n`),
		dismiss: () => dismiss(child),
	};
}

async function dismiss(child: ChildProcess): Promise<void> {
	if (child.exitCode !== null || child.signalCode !== null) return;
	const exited = once(child, 'exit');
	child.ref();
	child.stdin?.end('done\n');
	await exited;
}
