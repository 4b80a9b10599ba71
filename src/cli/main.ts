import { runBallast } from './ballast.ts';

process.exitCode = await runBallast(process.argv.slice(2));
