import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DatabaseRole, EngineName } from '#domain/states.ts';
import { databaseRoles, engineNames } from '#domain/states.ts';
import { runCommand, tryCommand } from '#standalone/commands.ts';
import type { CommandResult } from '#standalone/commands.ts';
import type { PartsContext } from '#standalone/parts/cache.ts';
import { createLogFile, isThere } from '#standalone/parts/cache.ts';
import { ensureBaseImage } from '#standalone/parts/base-image.ts';
import { ensureDocker } from '#standalone/parts/docker.ts';
import { ensureCommands } from '#standalone/parts/packages.ts';
import { ensureVersitygw } from '#standalone/parts/versitygw.ts';
import { createCertificates } from './certificates.ts';
import { ensureImages, findMtu, runCompose, writeEnvFile } from './compose.ts';
import type { LabFiles } from './compose.ts';
import { createLabS3 } from './s3.ts';
import type { LabS3 } from './s3.ts';
import { createSshKey } from './ssh-key.ts';
import { waitUntilReady } from './readiness.ts';

export type DatabaseService = `${'pg' | 'mariadb' | 'mysql'}-${DatabaseRole}`;
export type Service = DatabaseService | 's3';

/** The machines of each engine. */
const machines: Readonly<
  Record<EngineName, { readonly prefix: 'pg' | 'mariadb' | 'mysql'; readonly port: number; readonly lastByte: number }>
> = {
  postgresql: { prefix: 'pg', port: 5432, lastByte: 21 },
  mariadb: { prefix: 'mariadb', port: 3306, lastByte: 31 },
  mysql: { prefix: 'mysql', port: 3306, lastByte: 41 },
};

export function primaryOf(engine: EngineName): DatabaseService {
  return `${machines[engine].prefix}-primary`;
}

export function replicaOf(engine: EngineName): DatabaseService {
  return `${machines[engine].prefix}-replica`;
}

export interface LabOptions extends PartsContext {
  /** Labs of different names and subnets run side by side. */
  readonly name: string;
  /** The first three bytes of its network: "10.213.77". */
  readonly subnet: string;
  /** The engines whose machines are brought up; all of them by default. */
  readonly engines?: readonly EngineName[];
}

export interface LabHost {
  readonly address: string;
  readonly sshPort: number;
  readonly databasePort: number;
}

export interface ExecOptions {
  readonly input?: string | Buffer;
  /** The default is root. */
  readonly user?: string;
  readonly timeoutMs?: number;
}

/** Machines to try Tidemark on: database hosts with sshd, a primary and a replica of each engine, and an S3 server. */
export interface Lab {
  readonly name: string;
  /** Those that are up. */
  readonly services: readonly Service[];
  readonly subnet: string;
  readonly stateDir: string;
  readonly sshUser: string;
  readonly sshPrivateKey: string;
  readonly sshPublicKey: string;
  readonly hosts: Readonly<Record<DatabaseService, LabHost>>;
  readonly s3: LabS3;
  /** Runs a command inside a machine. */
  exec(service: Service, command: readonly string[], options?: ExecOptions): Promise<CommandResult>;
  /** `stop` shuts a machine down cleanly, `kill` pulls its plug; `start` and `restart` wait until it and its other half serve again. */
  power(service: Service, act: 'start' | 'stop' | 'restart' | 'kill' | 'pause' | 'unpause'): Promise<void>;
  /** Removes the machines, their network and their data. */
  stop(): Promise<void>;
}

/** Those that `--engine NAME` asks for, once or several times; without it all. */
export function enginesOf(args: readonly string[]): readonly EngineName[] {
  const names = args.flatMap((arg, index) => (args[index - 1] === '--engine' ? [arg] : []));
  return names.length === 0 ? engineNames : names.map((name) => engineNames.find((known) => known === name) ?? unknownEngine(name));
}

function unknownEngine(name: string): never {
  throw new Error(`There is no engine "${name}"; there are ${engineNames.join(', ')}.`);
}

/** Brings up a lab; what is left of one of the same name is removed first. */
export async function startLab(options: LabOptions): Promise<Lab> {
  if (process.platform !== 'linux')
    throw new Error(`The lab needs Linux, for its containers are reached by their own addresses; this is ${process.platform}.`);
  await ensureCommands(options, { openssl: 'openssl', 'ssh-keygen': 'openssh-client' });
  const { compose } = await ensureDocker(options);
  await ensureBaseImage(options);
  const engines = options.engines ?? engineNames;
  const [versitygw, tags] = [await ensureVersitygw(options), await ensureImages(options, [...engines, 's3'])];
  const files = labFiles(options.cacheDir, options.name);
  await stopLab(options.cacheDir, options.name, compose);
  await createStateDir(files.stateDir, options.subnet);
  await writeEnvFile(files.envFile, {
    ...tags,
    TIDEMARK_LAB_STATE: files.stateDir,
    TIDEMARK_LAB_SUBNET: options.subnet,
    TIDEMARK_LAB_MTU: await findMtu(),
    TIDEMARK_LAB_VERSITYGW: versitygw,
  });
  try {
    return await options.progress.step(`Lab ${options.name}: starting its machines`, async () => {
      await runCompose(compose, files, ['up', '--detach', '--no-build', ...engines.flatMap(servicesOf), 's3']);
      const lab = await openLab(options, compose);
      await waitUntilReady(lab);
      return lab;
    });
  } catch (error) {
    await keepLogs(options, files.project);
    await stopLab(options.cacheDir, options.name, compose);
    throw error;
  }
}

/** What the machines said, for whoever looks into a failed start. */
async function keepLogs({ cacheDir, progress, name }: LabOptions, project: string): Promise<void> {
  const logFile = await createLogFile(cacheDir, `lab-${name}`);
  const containers = await findContainers(project);
  for (const container of containers.values()) await tryCommand('docker', ['logs', '--tail', '100', container], { logFile });
  progress.line(`What its machines said is in ${logFile}`);
}

/** Removes the lab of that name: containers, network, volumes, keys. */
export async function stopLab(cacheDir: string, name: string, compose: readonly string[]): Promise<void> {
  const files = labFiles(cacheDir, name);
  await mkdir(files.stateDir, { recursive: true });
  if (!(await isThere(files.envFile))) await writeEnvFile(files.envFile, {});
  await runCompose(compose, files, ['down', '--volumes', '--remove-orphans', '--timeout', '2']);
  await rm(files.stateDir, { recursive: true, force: true });
}

function labFiles(cacheDir: string, name: string): LabFiles & { readonly stateDir: string } {
  if (!/^[a-z][a-z0-9]*$/.test(name)) throw new Error(`"${name}" cannot be a lab's name: use small letters and digits.`);
  const stateDir = join(cacheDir, `lab-${name}`);
  return { project: `tidemark-${name}`, stateDir, envFile: join(stateDir, 'compose.env') };
}

/** Fills `ssh/`, `machines/` and `s3/`; the latter two are mounted into the machines. */
async function createStateDir(stateDir: string, subnet: string): Promise<void> {
  const [ssh, machines, s3] = [join(stateDir, 'ssh'), join(stateDir, 'machines'), join(stateDir, 's3')];
  for (const directory of [ssh, machines, s3]) await mkdir(directory, { recursive: true, mode: 0o700 });
  await chmod(stateDir, 0o700);
  const { privateKey, publicKey } = await createSshKey('tidemark-lab');
  await writeFile(join(ssh, 'id'), privateKey, { mode: 0o600 });
  await writeFile(join(ssh, 'id.pub'), `${publicKey}\n`);
  await writeFile(join(machines, 'ssh.pub'), `${publicKey}\n`);
  await writeFile(join(machines, 'replication-password'), randomBytes(18).toString('hex'), { mode: 0o600 });
  await createCertificates(s3, `${subnet}.10`);
  const credentials = `ROOT_ACCESS_KEY=root${randomBytes(6).toString('hex')}\nROOT_SECRET_KEY=${randomBytes(20).toString('hex')}\n`;
  await writeFile(join(s3, 'root-credentials'), credentials, { mode: 0o600 });
}

/** Opens a lab that is up, also one that another process brought up. */
export async function openLab({ cacheDir, name, subnet }: Omit<LabOptions, 'progress'>, compose: readonly string[]): Promise<Lab> {
  const files = labFiles(cacheDir, name);
  const containers = await findContainers(files.project);
  const exec: Lab['exec'] = async (service, command, { input = '', user = 'root', timeoutMs = 120_000 } = {}) =>
    await tryCommand('docker', ['exec', '--interactive', '--user', user, containerOf(containers, service), ...command], {
      input,
      timeoutMs,
    });
  const lab: Lab = {
    name,
    subnet,
    stateDir: files.stateDir,
    sshUser: 'dba',
    sshPrivateKey: await readFile(join(files.stateDir, 'ssh', 'id'), 'utf8'),
    sshPublicKey: (await readFile(join(files.stateDir, 'ssh', 'id.pub'), 'utf8')).trim(),
    services: [...containers.keys()] as Service[],
    hosts: hostsOf(subnet),
    s3: await createLabS3({ directory: join(files.stateDir, 's3'), address: `${subnet}.10`, exec }),
    exec,
    async power(service, act) {
      await runCommand('docker', [act, containerOf(containers, service)]);
      const [prefix] = service.split('-');
      const pair = lab.services.filter((name) => name.split('-')[0] === prefix);
      if (act === 'start' || act === 'restart') await waitUntilReady(lab, pair);
    },
    stop: async () => await stopLab(cacheDir, name, compose),
  };
  return lab;
}

function servicesOf(engine: EngineName): DatabaseService[] {
  return databaseRoles.map((role): DatabaseService => `${machines[engine].prefix}-${role}`);
}

function hostsOf(subnet: string): Lab['hosts'] {
  const entries = engineNames.flatMap((engine) =>
    servicesOf(engine).map((service, index): [DatabaseService, LabHost] => {
      const { port, lastByte } = machines[engine];
      return [service, { address: `${subnet}.${lastByte + index}`, sshPort: 22, databasePort: port }];
    }),
  );
  return Object.fromEntries(entries) as Lab['hosts'];
}

/** Compose 1 joins the names by underscores, Compose 2 by hyphens: the labels are the same. */
async function findContainers(project: string): Promise<ReadonlyMap<string, string>> {
  const format = '{{.Label "com.docker.compose.service"}} {{.ID}}';
  const args = ['ps', '--all', '--no-trunc', '--filter', `label=com.docker.compose.project=${project}`, '--format', format];
  const lines = (await runCommand('docker', args)).split('\n').filter((line) => line !== '');
  return new Map(lines.map((line) => line.split(' ') as [string, string]));
}

function containerOf(containers: ReadonlyMap<string, string>, service: Service): string {
  const container = containers.get(service);
  if (container === undefined) throw new Error(`The lab has no machine ${service}, only ${[...containers.keys()].join(', ')}.`);
  return container;
}
