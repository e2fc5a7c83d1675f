import { once } from 'node:events';
import type { Response } from 'express';
import type { ZodType } from 'zod';
import type { ChangeEvent } from './changes.ts';

/** Begins to tell events; returns what ends it. */
export type Subscribe = (tell: (event: ChangeEvent) => void) => () => void;

/** Proxies end what is silent for a minute; and so long somebody who has been signed out goes on to hear. */
const BEAT_MS = 15_000;
/** Whoever reads so slowly is sent away, and begins anew. */
const MAX_WAITING_BYTES = 1_000_000;
const RECONNECT_MS = 2_000;

/** Server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html) until the caller goes or may no longer listen. */
export async function sendEvents(
  response: Response,
  schema: ZodType,
  subscribe: Subscribe,
  mayListen: () => Promise<boolean>,
): Promise<void> {
  const send = (text: string): void => {
    // what has been ended stays open until the last of it has been read, and another word would be an error that ends the process
    if (response.writableEnded || response.destroyed) return;
    response.write(text);
    if (response.writableLength > MAX_WAITING_BYTES) response.destroy();
  };
  const leave = subscribe((event) => {
    if (event.type === 'stopped') response.end();
    else send(messageOf(event.type, event.type === 'change' ? schema.parse(event.change) : {}));
  });
  // until here it could be refused
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'X-Accel-Buffering': 'no' });
  send(`retry: ${RECONNECT_MS}\n\n${messageOf('missed', {})}`);
  if (response.req.method === 'HEAD') response.end();
  const beat = setInterval(() => {
    send(':\n\n');
    mayListen().then(
      (may) => may || response.end(),
      () => response.end(),
    );
  }, BEAT_MS);
  if (!response.closed) await once(response, 'close');
  clearInterval(beat);
  leave();
}

function messageOf(type: string, data: unknown): string {
  return `event: ${type}\ndata: ${JSON.stringify(data)}\n\n`;
}
