import { runBallast } from './ballast.ts';

// A full disk; a reader like `head` that has read enough is none.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
	if (error.code !== 'EPIPE') {
		process.stderr.write(
			`the answer could not be written (${error.message}); what was asked for may have been done: look with \`status\`\n`,
		);
		process.exitCode = 1;
	}
});
const code = await runBallast(process.argv.slice(2));
process.exitCode ??= code;
