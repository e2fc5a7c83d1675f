import type { EngineName } from '#domain/states.ts';
import { findCacheDir } from '#standalone/parts/cache.ts';
import { type DatabaseService, type Lab, openLab, primaryOf } from '#lab/lab.ts';
import { scanHostKey } from '#activities/hosts/ssh.ts';
import type { HostAddress } from '#activities/hosts/port.ts';
import { ensureDocker } from '#standalone/parts/docker.ts';
import { createProgress } from '#standalone/parts/progress.ts';

/** The lab that `test/run.ts` brought up, or one of the developer's own (`node lab/main.ts up --name test --subnet 10.213.78`). */
export const testLab = { name: 'test', subnet: '10.213.78' } as const;

let lab: Promise<Lab> | undefined;

export async function openTestLab(): Promise<Lab> {
  lab ??= open();
  return lab;
}

async function open(): Promise<Lab> {
  const context = { cacheDir: findCacheDir(process.env), progress: createProgress(() => undefined) };
  const { compose } = await ensureDocker(context);
  return openLab({ ...context, ...testLab }, compose);
}

const hosts = new Map<string, Promise<HostAddress>>();

/** A login to one of the lab's database hosts. Its key is asked for once: sshd shuts out who connects often without a login. */
export async function labHost(service: DatabaseService): Promise<HostAddress> {
  const known = hosts.get(service) ?? findHost(service);
  hosts.set(service, known);
  return known;
}

async function findHost(service: DatabaseService): Promise<HostAddress> {
  const { hosts, sshUser, sshPrivateKey } = await openTestLab();
  const { address, sshPort } = hosts[service];
  const { hostKey } = await scanHostKey(address, sshPort);
  return { host: address, port: sshPort, user: sshUser, privateKey: sshPrivateKey, hostKey };
}

let buckets = 0;

/** A bucket of this test file's own, with root's credentials. */
export async function createBucket(purpose: string): Promise<{ bucket: string; lab: Lab }> {
  const open = await openTestLab();
  const bucket = `${purpose}-${process.pid}-${buckets++}-${Date.now().toString(36)}`;
  await open.s3.createBucket(bucket);
  return { bucket, lab: open };
}

/** Brings the primary back to how its administrator left it, whatever an earlier test did to it or was cut off in. */
export async function resetPrimary(engine: EngineName = 'postgresql'): Promise<void> {
  const lab = await openTestLab();
  const { exitCode, stderr } = await lab.exec(primaryOf(engine), ['sh', '-s'], { input: resets[engine] });
  if (exitCode !== 0) throw new Error(`the lab's ${engine} primary cannot be brought back to its beginning: ${stderr}`);
}

const resets: Readonly<Record<EngineName, string>> = {
  postgresql: `set -eu
pkill -KILL -f 'pgbackrest|tidemark' || true
cd /var/lib/postgresql/17
if [ -e main.tidemark-old ]; then pg_ctlcluster 17 main stop -m immediate || true; rm -rf main; mv main.tidemark-old main; fi
rm -rf main.tidemark-new main/tidemark-restore /var/lib/tidemark /run/tidemark
pg_ctlcluster 17 main status >/dev/null || pg_ctlcluster 17 main start
cd /
runuser -u postgres -- psql -qX -c 'alter system reset all'
pg_ctlcluster 17 main restart`,
  mariadb: resetOf('mariadb', 'mariadbd', '/etc/mysql/mariadb.conf.d'),
  mysql: resetOf('mysql', 'mysqld', '/etc/mysql/mysql.conf.d'),
};

/** For the servers that have one data directory, /var/lib/mysql. */
function resetOf(service: string, process: string, configuration: string): string {
  return `set -eu
pkill -KILL -f '[m]ariadb-backup|[t]idemark-new' || true
cd /var/lib
if [ -e mysql.tidemark-old ]; then pkill -KILL -x ${process} || true; sleep 1; rm -rf mysql; mv mysql.tidemark-old mysql; fi
rm -rf mysql.tidemark-new* mysql/tidemark-restore mysql-files/tidemark-* tidemark/* /run/tidemark
rm -f ${configuration}/zz-tidemark*
service ${service} restart >/dev/null`;
}
