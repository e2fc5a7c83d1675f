import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Lab, Service } from './lab.ts';

const timeoutMs = 90_000;

/** Waits until every machine that is up serves: sshd and PostgreSQL, the replica streaming, S3 accepting. */
export async function waitUntilReady(lab: Lab, services: readonly Service[] = ['pg-primary', 'pg-replica', 's3']): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  for (const service of services) {
    let problem = await findProblem(lab, service);
    while (problem !== undefined) {
      if (Date.now() > deadline) throw new Error(`The lab's machine ${service} is not ready after ${timeoutMs / 1000} s: ${problem}`);
      await sleep(200);
      problem = await findProblem(lab, service);
    }
  }
}

async function findProblem(lab: Lab, service: Service): Promise<string | undefined> {
  if (service === 's3') return await findPortProblem(lab.s3.endpoint);
  const { address, sshPort, databasePort } = lab.hosts[service];
  const ports = await Promise.all([findPortProblem(`${address}:${sshPort}`), findPortProblem(`${address}:${databasePort}`)]);
  const problem = ports.find((port) => port !== undefined);
  if (problem !== undefined || service === 'pg-primary') return problem;
  const query = 'select status from pg_stat_wal_receiver';
  const receiver = await lab.exec(service, ['psql', '-XAtc', query], { user: 'postgres' });
  return receiver.stdout.trim() === 'streaming' ? undefined : `the WAL receiver says "${receiver.stdout.trim()}" ${receiver.stderr.trim()}`;
}

async function findPortProblem(endpoint: string): Promise<string | undefined> {
  const [host = '', port] = endpoint.split(':');
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const socket = connect({ host, port: Number(port), timeout: 2_000 });
  socket.on('connect', () => resolve(undefined));
  socket.on('timeout', () => resolve(`${endpoint} does not answer`));
  socket.on('error', (error) => resolve(`${endpoint}: ${error.message}`));
  return await promise.finally(() => socket.destroy());
}
