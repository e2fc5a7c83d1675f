import { sh } from '#activities/hosts/script.ts';
import { TidemarkError } from '#domain/errors.ts';
import { homeOf } from '../home.ts';
import type { EngineContext, RestoreRequest } from '../port.ts';
import { serviceScope } from '../service.ts';
import type { Exchange } from './exchange.ts';
import { exchangeFunctions } from './exchange.ts';
import { layoutPath, privateDirectory } from './places.ts';

const SWAPPED_BACK = 5;
const STUCK = 6;

/**
 * Exchanges the directories by renaming, with the server stopped, and starts it: one detached script, so that
 * it goes to its end whatever happens to the link, and swaps back by itself when the restored data does not start.
 * Each step looks at what is there, so that a second run goes on where the first was cut off.
 */
export async function exchangeDirectories(context: EngineContext, request: RestoreRequest, exchange: Exchange): Promise<void> {
  const script = `${exchangeFunctions(context, request, exchange)}
alone
if is_restored && is_serving; then exit 0; fi
set +e
( set -e; end_private; ! is_running || sync; is_restored || note_end; stop_server; to_restored; start_server || is_running; wait_until_serving )
code=$?
[ $code != 0 ] || exit 0
( set -e; stop_server; to_former; start_server || is_running; wait_until_serving )
code=$?
[ $code = 0 ] || { echo "and the former data did not start either ($code)"; exit ${STUCK}; }
exit ${SWAPPED_BACK}
`;
  const job = { scope: serviceScope(context.database.id), id: `swap-${request.restoreId}`, script };
  const { exitCode, log } = await context.host.runJob(job);
  if (exitCode === SWAPPED_BACK) throw new TidemarkError('restore-swapped-back', `the restored data did not start: ${telling(log)}`);
  if (exitCode !== 0) throw new TidemarkError('restore-stuck', `the exchange of the directories ended with ${exitCode}: ${telling(log)}`);
}

/**
 * Puts the former directories back and starts the server with them; only starts it where they are in their place. Errors:
 * `restore-stuck`, also where they are and nothing serves: then the restored data beside them may be the only good copy, and stays.
 */
export async function exchangeBack(context: EngineContext, request: RestoreRequest, exchange: Exchange): Promise<void> {
  const script = `${exchangeFunctions(context, request, exchange)}
alone
if ! needs_former; then
  start_server || is_running
  wait_until_serving || { echo 'the former data is in its place, and the server failed to start with it'; exit 1; }
  exit 0
fi
stop_server
to_former
start_server || is_running
wait_until_serving
`;
  const job = { scope: serviceScope(context.database.id), id: `swap-back-${request.restoreId}`, script };
  const { exitCode, log } = await context.host.runJob(job);
  if (exitCode !== 0) throw new TidemarkError('restore-stuck', `swapping back ended with ${exitCode}: ${telling(log)}`);
}

/** Ends what still runs for this restore and removes the directories of the side that does not serve. */
export async function removeLeftovers(context: EngineContext, request: RestoreRequest, exchange: Exchange): Promise<void> {
  const home = homeOf(context.database.id);
  const script = `${exchangeFunctions(context, request, exchange)}
alone
end_private
if is_restored; then
  is_serving || { echo 'the restored server does not answer, so the former data stays' >&2; exit 1; }
  remove_former
elif needs_former; then
  echo 'the former directories are not back in their place' >&2; exit 1
else
  remove_fresh
fi
${sh`rm -rf -- ${exchange.leftovers} ${home}/exchange ${privateDirectory(context)} ${layoutPath(context, request)}`}
`;
  await context.host.run(script, { timeoutMs: 1_800_000 });
  await context.host.sweepJobs(serviceScope(context.database.id));
}

/** What the tools said themselves; a server's log may hold what is nobody's business. */
function telling(log: string): string {
  const lines = log
    .split('\n')
    .filter((line) => /error|fatal|panic|hint|did not|cannot|failed/i.test(line) && !/STATEMENT|DETAIL|password/i.test(line));
  return lines.slice(-6).join(' | ') || 'no reason was given';
}
