import { spawn } from 'node:child_process';
import { mkdir, open, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isCommandThere, runCommand, tryCommand } from '../commands.ts';
import type { PartsContext } from './cache.ts';
import { createLogFile, isProcessAlive, isThere, withLock } from './cache.ts';

export interface Docker {
  /** The command of Compose: ['docker', 'compose'] or ['docker-compose']. */
  readonly compose: readonly string[];
}

/** Makes sure that a Docker engine answers: the one that runs, else one of our own, whose data lies in the cache. */
export async function ensureDocker({ cacheDir, progress }: PartsContext): Promise<Docker> {
  await withLock(cacheDir, 'docker', async () => {
    if ((await findCompose()) === undefined || !(await isDaemonInstalled())) {
      await progress.step('Docker: installing docker.io, docker-compose and iptables by apt', async () => {
        await installDocker(cacheDir);
      });
    }
    if (await isDockerAnswering()) return;
    await progress.step('Docker: starting a daemon of our own', async () => await startOurs(cacheDir));
  });
  const compose = await findCompose();
  if (compose === undefined) throw new Error('Docker Compose is missing: install docker-compose, or the plugin docker-compose-plugin.');
  return { compose };
}

/** Stops the daemon that `ensureDocker` started, and removes what it made, unless containers still run. Says whether it did. */
export async function stopDockerIfOurs(cacheDir: string): Promise<boolean> {
  return await withLock(cacheDir, 'docker', async () => {
    const paths = pathsOf(cacheDir);
    const pid = await findOurPid(paths.pid);
    if (pid === undefined) return false;
    const running = await tryCommand('docker', ['ps', '--quiet']);
    if (running.stdout.trim() !== '') return false;
    process.kill(pid, 'SIGTERM');
    for (let waited = 0; isProcessAlive(pid); waited += 100) {
      if (waited === 20_000) process.kill(pid, 'SIGKILL');
      await sleep(100);
    }
    await runCommand('sh', ['-euc', cleanUpScript, 'sh', join(cacheDir, 'docker'), paths.before]);
    await Promise.all([paths.pid, paths.exec, paths.before, socket].map(async (path) => await rm(path, { recursive: true, force: true })));
    return true;
  });
}

const socket = '/var/run/docker.sock';

function pathsOf(cacheDir: string): Record<'data' | 'exec' | 'pid' | 'before', string> {
  const directory = join(cacheDir, 'docker');
  return {
    data: join(directory, 'data'),
    exec: join(directory, 'exec'),
    pid: join(directory, 'dockerd.pid'),
    before: join(directory, 'before'),
  };
}

async function isDockerAnswering(): Promise<boolean> {
  const info = await tryCommand('docker', ['info', '--format', '{{.ServerVersion}}'], { timeoutMs: 10_000 });
  return info.exitCode === 0 && /^\d/.test(info.stdout);
}

async function isDaemonInstalled(): Promise<boolean> {
  if (await isDockerAnswering()) return true;
  const there = await Promise.all(['docker', 'dockerd', 'iptables'].map(isCommandThere));
  return !there.includes(false);
}

async function findCompose(): Promise<readonly string[] | undefined> {
  if ((await tryCommand('docker', ['compose', 'version'])).exitCode === 0) return ['docker', 'compose'];
  return (await isCommandThere('docker-compose')) ? ['docker-compose'] : undefined;
}

async function installDocker(cacheDir: string): Promise<void> {
  if (process.getuid?.() !== 0)
    throw new Error('Docker does not answer, and only root can install it: install and start Docker, or run this as root.');
  if (!(await isCommandThere('apt-get')))
    throw new Error('Docker is missing, and there is no apt-get to install it: install Docker with Compose.');
  const logFile = await createLogFile(cacheDir, 'docker-install');
  await runCommand('sh', ['-euc', installScript], { logFile, timeoutMs: 900_000 });
}

/** Where there is no systemd, the package's own service would put its data outside the cache: it is kept from starting. */
const installScript = String.raw`
policy=/usr/sbin/policy-rc.d
if [ ! -d /run/systemd/system ] && [ ! -e $policy ]; then
  printf '#!/bin/sh\nexit 101\n' > $policy && chmod +x $policy
  trap 'rm -f /usr/sbin/policy-rc.d' EXIT
fi
apt-get update
cli=$(apt-cache --names-only search '^docker-cli$' | cut -d ' ' -f 1) # from Debian 13 on a package of its own
DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends docker.io $cli docker-compose iptables
`;

async function startOurs(cacheDir: string): Promise<void> {
  if (process.getuid?.() !== 0) throw new Error('Docker does not answer, and only root can start it: start Docker, or run this as root.');
  const paths = pathsOf(cacheDir);
  await mkdir(paths.data, { recursive: true });
  await rm(paths.pid, { force: true });
  // one that is there tells of the time before a daemon that was killed
  if (!(await isThere(paths.before))) await writeFile(paths.before, await runCommand('sh', ['-euc', stateBeforeScript]));
  const logPath = await createLogFile(cacheDir, 'dockerd');
  const log = await open(logPath, 'a');
  const args = ['--data-root', paths.data, '--exec-root', paths.exec, '--pidfile', paths.pid, '--host', `unix://${socket}`];
  const daemon = spawn('dockerd', args, { detached: true, stdio: ['ignore', log.fd, log.fd] });
  let ended: string | undefined;
  daemon.on('error', (error) => (ended = error.message));
  daemon.on('exit', (code) => (ended = `exit code ${code}`));
  daemon.unref();
  await log.close();
  const deadline = Date.now() + 60_000;
  while (!(await isDockerAnswering())) {
    if (ended !== undefined) throw new Error(`dockerd did not start (${ended}); its last words are in ${logPath}.`);
    if (Date.now() > deadline) throw new Error(`dockerd did not answer within 60 s; its log is ${logPath}.`);
    await sleep(200);
  }
}

/** Process ids are used again: the one in the file is ours only if it is a dockerd with our pid file. */
async function findOurPid(pidFile: string): Promise<number | undefined> {
  if (!(await isThere(pidFile))) return undefined;
  const pid = Number(await readFile(pidFile, 'utf8'));
  const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  return commandLine.includes(pidFile) ? pid : undefined;
}

/** What dockerd changes on the machine: forwarding, and the policy of the FORWARD chain. */
const stateBeforeScript = String.raw`
cat /proc/sys/net/ipv4/ip_forward
iptables-save -t filter | sed -n 's/^:FORWARD \([A-Z]*\).*/\1/p'
`;

/** Removes the mounts, the bridge, the firewall rules and what else a stopped dockerd leaves. Arguments: the daemon's directory, state before. */
const cleanUpScript = String.raw`
forward=$(sed -n 1p "$2")
policy=$(sed -n 2p "$2")
grep -F " $1/" /proc/self/mounts | cut -d ' ' -f 2 | while read -r mount; do umount "$mount" || true; done
ip link delete docker0 2>/dev/null || true
for table in nat filter; do
  iptables-save -t $table | grep -v -e DOCKER -e docker0 | sed "s/^:FORWARD DROP/:FORWARD ${'${policy:-ACCEPT}'}/" | iptables-restore -T $table
done
echo "$forward" > /proc/sys/net/ipv4/ip_forward
rm -rf /run/docker /var/run/docker.pid
[ -e /run/containerd/containerd.sock ] || rm -rf /run/containerd
`;
