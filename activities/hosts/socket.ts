import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { TidemarkError } from '#domain/errors.ts';
import { causeOf } from './failures.ts';

const CONNECT_TIMEOUT_MS = 10_000;

/** A TCP connection to the address that was checked; it is the caller's to use up or to destroy. Errors: `host-unreachable`. */
export async function openSocket(host: string, port: number, connectTo: string): Promise<Socket> {
  const socket = connect({ host: connectTo, port });
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(CONNECT_TIMEOUT_MS) });
    return socket;
  } catch (error) {
    socket.destroy();
    const isLate = error instanceof Error && error.name === 'AbortError';
    const cause = isLate ? `no answer within ${CONNECT_TIMEOUT_MS / 1000} s` : causeOf(error as Error);
    throw new TidemarkError('host-unreachable', `${host}:${port} cannot be reached: ${cause}`, { cause: error });
  }
}
