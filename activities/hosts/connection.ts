import { createConnection, type Socket } from 'node:net';
import { Client, type ConnectConfig } from 'ssh2';
import { messageOf, TidemarkError } from '#domain/errors.ts';
import { causeOf, connectFailure } from './failures.ts';
import { gatherWrites } from './gathering.ts';
import { algorithmsFor, fingerprintOf, formatHostKey, type HostKey, parseHostKey } from './host-key.ts';
import type { HostAddress } from './port.ts';

export interface ConnectOptions {
  /** The IP address to connect to instead of resolving `host` again: the one that was checked. */
  readonly connectTo?: string | undefined;
  /** A connection to it that stands already; it is used up. */
  readonly socket?: Socket;
  /** Told the host's key, "ssh-ed25519 AAAA…", as soon as it is shown, whether it is the pinned one or not. */
  readonly onHostKey?: (hostKey: string) => void;
  /** The link counts as lost after this many unanswered keepalives; defaults 15 s and 3. */
  readonly keepaliveIntervalMs?: number;
  readonly keepaliveCountMax?: number;
  /** From the first packet to the login; the default is 20 s. */
  readonly readyTimeoutMs?: number;
}

export interface ScannedHostKey {
  /** As it is pinned: "ssh-ed25519 AAAA…". */
  readonly hostKey: string;
  /** "SHA256:…" */
  readonly fingerprint: string;
}

/** An open, logged-in connection. */
export interface Link {
  readonly client: Client;
  /** "user@host:port", for messages. */
  readonly name: string;
  readonly isRoot: boolean;
  readonly keepaliveIntervalMs: number;
  /** Why the connection is gone; undefined while it is not known to be. */
  lostBecause: string | undefined;
}

type Endpoint = Required<Pick<ConnectConfig, 'readyTimeout'>> & { readonly sock: Socket };

const READY_TIMEOUT_MS = 20_000;
const KEEPALIVE_INTERVAL_MS = 15_000;
const KEEPALIVE_COUNT_MAX = 3;

/** Connects to the host with the pinned key, and to no other. */
export async function openLink(address: HostAddress, options: ConnectOptions = {}): Promise<Link> {
  const pinned = parseHostKey(address.hostKey);
  const where = `${address.host}:${address.port}`;
  const keepaliveIntervalMs = options.keepaliveIntervalMs ?? KEEPALIVE_INTERVAL_MS;
  let shown: Buffer | undefined;
  const client = new Client();
  const link: Link = {
    client,
    name: `${address.user}@${where}`,
    isRoot: address.user === 'root',
    keepaliveIntervalMs,
    lostBecause: undefined,
  };
  client.setMaxListeners(0);
  client.on('error', (error) => (link.lostBecause ??= causeOf(error)));
  client.on('close', () => (link.lostBecause ??= 'the connection was closed'));
  try {
    await connect(client, where, {
      ...endpoint(address.host, address.port, options),
      username: address.user,
      privateKey: address.privateKey,
      authHandler: ['publickey'],
      keepaliveInterval: keepaliveIntervalMs,
      keepaliveCountMax: options.keepaliveCountMax ?? KEEPALIVE_COUNT_MAX,
      algorithms: { serverHostKey: algorithmsFor(pinned) },
      hostVerifier: (key: Buffer) => {
        shown = key;
        options.onHostKey?.(formatHostKey(key));
        return key.equals(pinned.blob);
      },
    });
    // ssh2 leaves Nagle's algorithm on: with delayed acknowledgements a script then takes 130 ms instead of 10.
    client.setNoDelay(true);
    return link;
  } catch (error) {
    throw keyChange(where, pinned, shown, error) ?? error;
  }
}

/**
 * The key that the host shows, without a login: for a person to compare before it is pinned. Where one is expected, another is
 * `host-key-changed`.
 */
export async function scanHostKey(
  host: string,
  port: number,
  options: ConnectOptions & { readonly expected?: string | undefined } = {},
): Promise<ScannedHostKey> {
  const expected = options.expected === undefined ? undefined : parseHostKey(options.expected);
  const where = `${host}:${port}`;
  let shown: Buffer | undefined;
  const hostVerifier = (key: Buffer): boolean => {
    shown = key;
    options.onHostKey?.(formatHostKey(key));
    return false;
  };
  const algorithms = expected && { serverHostKey: algorithmsFor(expected) };
  try {
    const config = { ...endpoint(host, port, options), username: 'tidemark', hostVerifier };
    await connect(new Client(), where, algorithms === undefined ? config : { ...config, algorithms });
  } catch (error) {
    const change = expected && keyChange(where, expected, shown, error);
    if (change !== undefined || shown === undefined) throw change ?? error;
  }
  if (shown === undefined) throw new TidemarkError('host-unreachable', `${where} showed no host key`);
  return { hostKey: formatHostKey(shown), fingerprint: fingerprintOf(shown) };
}

export function unreachable(link: Link, what: string): TidemarkError {
  return new TidemarkError(
    'host-unreachable',
    `the SSH link to ${link.name} was lost ${what}: ${link.lostBecause ?? 'no exit status came'}`,
  );
}

function endpoint(host: string, port: number, options: ConnectOptions): Endpoint {
  const readyTimeout = options.readyTimeoutMs ?? READY_TIMEOUT_MS;
  return { readyTimeout, sock: gatherWrites(options.socket ?? createConnection({ host: options.connectTo ?? host, port })) };
}

/** Errors after the first are the link's own business: they are kept from ending the process. */
function connect(client: Client, where: string, config: ConnectConfig & Endpoint): Promise<void> {
  return new Promise((resolve, reject) => {
    client.once('ready', resolve);
    client.on('error', (error) => {
      reject(connectFailure(where, config.username ?? '', error));
      client.destroy();
    });
    client.once('close', () => reject(new TidemarkError('host-unreachable', `${where} closed the connection before the login`)));
    try {
      client.connect(config);
    } catch (error) {
      config.sock.destroy();
      reject(new TidemarkError('host-login-refused', `the private key of ${config.username} cannot be used: ${messageOf(error)}`));
    }
  });
}

/** Undefined when the failure had nothing to do with the key. */
function keyChange(where: string, pinned: HostKey, shown: Buffer | undefined, error: unknown): TidemarkError | undefined {
  const expected = `pinned is ${fingerprintOf(pinned.blob)}`;
  if (shown !== undefined && !shown.equals(pinned.blob)) {
    return new TidemarkError('host-key-changed', `${where} shows the host key ${fingerprintOf(shown)}, ${expected}`);
  }
  if (!messageOf(error).includes('no matching host key format')) return undefined;
  return new TidemarkError('host-key-changed', `${where} shows no ${pinned.type} key any more, ${expected}`);
}
