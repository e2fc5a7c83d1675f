import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { SMTPServer } from 'smtp-server';

export interface MailServer {
  readonly url: string;
  readonly port: number;
  /** Whole messages, headers and all, in their order. */
  readonly received: string[];
  /** What the next recipients are answered; null takes them. */
  refuseWith: string | null;
  /** How long it thinks about each step; without end where it is infinite. */
  delayMs: number;
  /** Recipients that are always refused. */
  readonly refused: Set<string>;
  stop(): Promise<void>;
}

/** A real SMTP server on a loopback port. */
export async function startMailServer(): Promise<MailServer> {
  const received: string[] = [];
  const refused = new Set<string>();
  const state = { refuseWith: null as string | null, delayMs: 0 };
  const later = (act: () => void): void => void (state.delayMs < Infinity && setTimeout(act, state.delayMs));
  const server = new SMTPServer({
    onConnect: (_session, done) => later(done),
    onAuth: (_credentials, _session, done) => later(() => done(null, { user: 'somebody' })),
    allowInsecureAuth: true,
    disabledCommands: ['STARTTLS'],
    onRcptTo({ address }, _session, done) {
      const words = refused.has(address) ? 'no such mailbox' : state.refuseWith;
      later(() => done(words === null ? null : new Error(words)));
    },
    onData(stream, _session, done) {
      text(stream).then(
        (message) => later(() => done(received.push(message) > 0 ? null : undefined)),
        (error: Error) => done(error),
      );
    },
  });
  server.on('error', () => undefined);
  const listening = server.listen(0, '127.0.0.1');
  await once(listening, 'listening');
  const { port } = listening.address() as AddressInfo;
  return {
    url: `smtp://somebody:mail-secret-canary@127.0.0.1:${port}?ignoreTLS=true`,
    port,
    received,
    refused,
    get refuseWith() {
      return state.refuseWith;
    },
    set refuseWith(words) {
      state.refuseWith = words;
    },
    get delayMs() {
      return state.delayMs;
    },
    set delayMs(delayMs) {
      state.delayMs = delayMs;
    },
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
