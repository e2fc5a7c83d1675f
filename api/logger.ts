import type { DestinationStream, Logger } from 'pino';
import { pino } from 'pino';

/** A second wall: nothing should log these at all. */
const secrets = ['password', 'secretKey', 'sshPrivateKey', 'cookie', 'authorization', 'token'];

export function createLogger(name: string, destination?: DestinationStream): Logger {
  const options = { name, redact: secrets.flatMap((secret) => [secret, `*.${secret}`]) };
  return destination === undefined ? pino(options) : pino(options, destination);
}
