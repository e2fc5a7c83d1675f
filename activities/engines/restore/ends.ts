import type { EngineContext, RestoreRequest } from '../port.ts';
import type { Exchange } from './exchange.ts';
import type { RestoreLayout } from './places.ts';
import { findLayout } from './places.ts';
import { exchangeBack, removeLeftovers } from './swap.ts';

type ExchangeOf<L extends RestoreLayout> = (layout: L) => Exchange;

/** A restore's `swapBack`: where no preflight left a layout, nothing was exchanged. */
export async function undoExchange<L extends RestoreLayout>(
  context: EngineContext,
  request: RestoreRequest,
  exchangeOf: ExchangeOf<L>,
): Promise<void> {
  const layout = await findLayout<L>(context, request);
  if (layout !== undefined) await exchangeBack(context, request, exchangeOf(layout));
}

/** A restore's `cleanUp`: its jobs are ended in any case. */
export async function endExchange<L extends RestoreLayout>(
  context: EngineContext,
  request: RestoreRequest,
  exchangeOf: ExchangeOf<L>,
): Promise<void> {
  const layout = await findLayout<L>(context, request);
  await context.host.sweepJobs(context.database.id);
  if (layout !== undefined) await removeLeftovers(context, request, exchangeOf(layout));
}
