import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DatabaseService, Lab, Service } from './lab.ts';

const timeoutMs = 90_000;

/** Waits until every machine that is up serves: sshd and the database, replicas following, S3 accepting. */
export async function waitUntilReady(lab: Lab, services: readonly Service[] = lab.services): Promise<void> {
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
  if (problem !== undefined) return problem;
  const { command, expected } = questions[service];
  const answer = await lab.exec(service, ['sh', '-c', command]);
  return expected.test(answer.stdout) ? undefined : `"${command}" says "${answer.stdout.trim()}" ${answer.stderr.trim()}`;
}

/** A server that listens may still be the one that its first start sets up. */
const isSetUp = { command: 'ls /etc/tidemark-lab-ready', expected: /ready/ };
const questions: Readonly<Record<DatabaseService, { readonly command: string; readonly expected: RegExp }>> = {
  'pg-primary': isSetUp,
  'pg-replica': { command: `runuser -u postgres -- psql -XAtc 'select status from pg_stat_wal_receiver'`, expected: /^streaming$/m },
  'mariadb-primary': isSetUp,
  'mariadb-replica': { command: `mariadb -e 'show replica status\\G' | grep Running:`, expected: /IO_Running: Yes[^]*SQL_Running: Yes/ },
  'mysql-primary': isSetUp,
  'mysql-replica': { command: `mysql -E -e 'show replica status' | grep Running:`, expected: /IO_Running: Yes[^]*SQL_Running: Yes/ },
};

async function findPortProblem(endpoint: string): Promise<string | undefined> {
  const [host = '', port] = endpoint.split(':');
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const socket = connect({ host, port: Number(port), timeout: 2_000 });
  socket.on('connect', () => resolve(undefined));
  socket.on('timeout', () => resolve(`${endpoint} does not answer`));
  socket.on('error', (error) => resolve(`${endpoint}: ${error.message}`));
  return await promise.finally(() => socket.destroy());
}
