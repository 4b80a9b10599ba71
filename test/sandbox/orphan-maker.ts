/** Starts servers and waits to be killed; says on one line what must not outlive it. */
import { startAnvil } from '../../sandbox/servers/anvil.ts';
import { openHome } from '../../sandbox/servers/home.ts';
import { startPostgres } from '../../sandbox/servers/postgres.ts';

const home = await openHome('orphan', 'KILL');
const [postgres, anvil] = await Promise.all([startPostgres(), startAnvil({ chainId: 1, blockSeconds: 1 })]);
process.stdout.write(`${JSON.stringify({ pids: [postgres.pid, anvil.pid], folder: home.folder })}\n`);
setInterval(() => {}, 60_000);
