import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { tryCommand } from './commands.ts';
import { findFreePort } from './ports.ts';
import type { RunningProcess } from './processes.ts';
import { endEarlierProcess, startProcess } from './processes.ts';

export interface EmbeddedTemporalOptions {
  /** Its SQLite file and its log lie here; made when missing. */
  readonly dataDir: string;
  /** The `temporal` binary, as `ensureTemporal` returns it. */
  readonly binary: string;
  /** The defaults are Temporal's own, 7233 and 8233, or any free ones when those are taken. */
  readonly ports?: { readonly frontend: number; readonly ui: number } | undefined;
}

export interface EmbeddedTemporal {
  /** "127.0.0.1:7233"; the namespace is `default`. */
  readonly address: string;
  readonly uiUrl: string;
  readonly process: RunningProcess;
  stop(): Promise<void>;
}

/** Starts Temporal's development server with its Web UI on 127.0.0.1; its state is durable. */
export async function startEmbeddedTemporal(options: EmbeddedTemporalOptions): Promise<EmbeddedTemporal> {
  const { dataDir, binary } = options;
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const [database, pidFile, logFile] = [join(dataDir, 'temporal.db'), join(dataDir, 'temporal.pid'), join(dataDir, 'temporal.log')];
  await endEarlierProcess(pidFile, database, 'SIGTERM');
  const wished = options.ports ?? { frontend: 7233, ui: 8233 };
  const start = async (): Promise<Started> => {
    const ports = { frontend: await findFreePort(wished.frontend), ui: await findFreePort(wished.ui) };
    const args = serverArguments(database, ports);
    const server = await startProcess({ command: binary, args, cwd: dataDir, logFile, graceMs: 20_000 });
    await writeFile(pidFile, `${server.pid}\n`);
    await waitUntilServing(server, binary, addressOf(ports), logFile);
    return { server, ports };
  };
  const { server, ports } = await start().catch((error: unknown) => {
    // somebody took a port, its own inner ones among them, before it did
    if (error instanceof EndedAtStart) return start();
    throw error;
  });
  return {
    address: addressOf(ports),
    uiUrl: `http://127.0.0.1:${ports.ui}`,
    process: server,
    async stop() {
      await server.stop();
      await rm(pidFile, { force: true });
    },
  };
}

interface Ports {
  readonly frontend: number;
  readonly ui: number;
}

interface Started {
  readonly server: RunningProcess;
  readonly ports: Ports;
}

class EndedAtStart extends Error {}

function addressOf({ frontend }: Ports): string {
  return `127.0.0.1:${frontend}`;
}

/** The person's own `temporal` profiles must not aim these commands at another server. */
const withoutUserConfig = ['--disable-config-file', '--disable-config-env'];

function serverArguments(database: string, ports: Ports): readonly string[] {
  const listen = ['--ip', '127.0.0.1', '--port', String(ports.frontend), '--ui-ip', '127.0.0.1', '--ui-port', String(ports.ui)];
  const log = ['--log-level', 'warn', '--log-format', 'json'];
  // whoever else reads the file then does not keep the server from writing: after one commit that failed it would never write again
  const journal = ['--sqlite-pragma', 'journal_mode=wal'];
  return ['server', 'start-dev', '--db-filename', database, ...journal, ...listen, ...log, ...withoutUserConfig];
}

async function waitUntilServing(server: RunningProcess, binary: string, address: string, logFile: string): Promise<void> {
  const args = [
    'operator',
    'namespace',
    'describe',
    '--namespace',
    'default',
    '--address',
    address,
    '--command-timeout',
    '5s',
    ...withoutUserConfig,
  ];
  const isServing = async (): Promise<boolean> => (await tryCommand(binary, args)).exitCode === 0;
  const deadline = Date.now() + 60_000;
  while (!(await isServing())) {
    if (!server.isRunning()) throw new EndedAtStart(`The embedded Temporal server ended at its start; its log is ${logFile}.`);
    if (Date.now() > deadline) {
      await server.stop();
      throw new Error(`The embedded Temporal server does not answer at ${address} after 60 s; its log is ${logFile}.`);
    }
    await sleep(100);
  }
}
