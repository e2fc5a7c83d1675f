import type { Socket } from 'node:net';
import type { ErrorCode } from '#domain/errors.ts';
import { TidemarkError } from '#domain/errors.ts';
import type { DatabaseProbeReport } from '#domain/probe.schema.ts';
import { type DatabaseProbeStep, databaseProbeSteps, type DatabaseRole, type EngineName } from '#domain/states.ts';
import { resolveHost } from './context.ts';
import type { Health } from './engines/port.ts';
import { getEngine } from './engines/registry.ts';
import { fingerprintOf, parseHostKey } from './hosts/host-key.ts';
import { openSocket } from './hosts/socket.ts';
import { connectHost, scanHostKey } from './hosts/ssh.ts';
import type { Host } from './hosts/port.ts';
import type { NetworkGuard } from './stores/networks.ts';
import type { Attempt } from './wrap.ts';

/** A database as it is saved, or as it would be. */
export interface ProbeTarget {
  /** Its id, or any other that is nobody's. */
  readonly id: string;
  /** For messages. */
  readonly name: string;
  readonly engine: EngineName;
  readonly host: string;
  readonly port: number;
  readonly sshPort: number;
  readonly sshUser: string;
  /** Without one nothing is tried beyond the host key. */
  readonly privateKey?: string | undefined;
  /** The host key to expect; without one, whichever the host shows is taken. */
  readonly hostKey?: string | undefined;
  /** What the server has to be; undefined where nobody said. */
  readonly role?: DatabaseRole | undefined;
}

export interface ProbeOptions {
  /** How long it may take in all: then the step that runs has failed. */
  readonly withinMs: number;
  /** From the first packet of SSH to the login; see `ConnectOptions`. */
  readonly readyTimeoutMs?: number;
}

interface Finding {
  readonly report: DatabaseProbeReport;
  readonly failure: { readonly step: DatabaseProbeStep; readonly error: TidemarkError } | undefined;
}

interface Probe {
  readonly target: ProbeTarget;
  readonly guard: NetworkGuard;
  readonly signal: AbortSignal;
  readonly options: ProbeOptions;
  step: DatabaseProbeStep;
  hostKey: string | undefined;
  health: Health | undefined;
}

type ProbeAttempt = Pick<Attempt, 'signal' | 'leave'>;

/** Walks the way to a database step by step, up to the first that fails. Nothing of what the host says before the login is told. */
export async function probeDatabase(
  guard: NetworkGuard,
  target: ProbeTarget,
  attempt: ProbeAttempt,
  options: ProbeOptions,
): Promise<Finding> {
  const late = AbortSignal.timeout(options.withinMs);
  const signal = AbortSignal.any([attempt.signal, attempt.leave, late]);
  const probe: Probe = { target, guard, signal, options, step: 'dns', hostKey: undefined, health: undefined };
  try {
    await Promise.race([walk(probe), aborted(signal)]);
    return { report: reportOf(probe, undefined), failure: undefined };
  } catch (error) {
    const told = late.aborted && signal.reason === late.reason ? tooLate(probe) : error;
    if (!(told instanceof TidemarkError)) throw told;
    const failure = { step: stepOf(probe, told), error: told };
    return { report: reportOf(probe, failure), failure };
  }
}

async function walk(probe: Probe): Promise<void> {
  const { target, guard } = probe;
  const { address } = await resolveHost(guard, target.host);
  const { hostKey, privateKey } = target;
  if (hostKey !== undefined && privateKey !== undefined) return logIn(probe, address, { hostKey, privateKey });
  await withSocket(probe, address, (socket) =>
    scanHostKey(target.host, target.sshPort, { ...linkOptions(probe, socket), expected: hostKey }),
  );
  if (privateKey !== undefined) await logIn(probe, address, { hostKey: probe.hostKey ?? '', privateKey });
}

/** One connection shows the host key and logs in: sshd shuts out who connects often without a login. */
async function logIn(probe: Probe, address: string, { hostKey, privateKey }: { hostKey: string; privateKey: string }): Promise<void> {
  const { host: name, sshPort: port, sshUser: user } = probe.target;
  await withSocket(probe, address, async (socket) => {
    const host = await connectHost({ host: name, port, user, privateKey, hostKey }, linkOptions(probe, socket));
    await askServer(probe, host).finally(() => host.close());
  });
}

async function askServer(probe: Probe, host: Host): Promise<void> {
  const { id, name, port, engine, role } = probe.target;
  enter(probe, 'sudo');
  await host.run('true', { signal: probe.signal });
  enter(probe, 'engine');
  probe.health = await getEngine(engine).measureHealth({
    host,
    database: { id, name, port },
    signal: probe.signal,
    report: () => undefined,
  });
  if (role !== undefined && role !== probe.health.role)
    throw new TidemarkError('not-attachable', `the server of ${name} is a ${probe.health.role}, and it is registered as a ${role}`);
}

async function withSocket(probe: Probe, address: string, work: (socket: Socket) => Promise<unknown>): Promise<void> {
  const { host, sshPort } = probe.target;
  enter(probe, 'tcp');
  const socket = await openSocket(host, sshPort, address);
  const hangUp = (): void => void socket.destroy();
  probe.signal.addEventListener('abort', hangUp, { once: true });
  try {
    enter(probe, 'host-key');
    await work(socket);
  } finally {
    probe.signal.removeEventListener('abort', hangUp);
    hangUp();
  }
}

function linkOptions(probe: Probe, socket: Socket) {
  const onHostKey = (hostKey: string): void => {
    probe.hostKey = hostKey;
    probe.step = 'login';
  };
  const { readyTimeoutMs } = probe.options;
  return { socket, onHostKey, ...(readyTimeoutMs === undefined ? {} : { readyTimeoutMs }) };
}

/** What is given up goes no further. */
function enter(probe: Probe, step: DatabaseProbeStep): void {
  probe.signal.throwIfAborted();
  probe.step = step;
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const fail = (): void => reject(signal.reason as Error);
    if (signal.aborted) fail();
    else signal.addEventListener('abort', fail, { once: true });
  });
}

/** Some errors tell more exactly than the call that they came from. */
const stepsOfCodes: Partial<Record<ErrorCode, DatabaseProbeStep>> = {
  'host-key-changed': 'host-key',
  'host-login-refused': 'login',
  'version-not-supported': 'version',
};

function stepOf(probe: Probe, error: TidemarkError): DatabaseProbeStep {
  return stepsOfCodes[error.code] ?? probe.step;
}

function tooLate({ step, target, options }: Probe): TidemarkError {
  const code = step === 'engine' ? 'server-down' : step === 'sudo' ? 'host-command-failed' : 'host-unreachable';
  return new TidemarkError(code, `${target.host}:${target.sshPort} did not answer within ${options.withinMs / 1000} s`);
}

function reportOf({ target, hostKey, health }: Probe, failure: Finding['failure']): DatabaseProbeReport {
  const end = failure?.step ?? (target.privateKey === undefined ? 'login' : undefined);
  const reached = end === undefined ? databaseProbeSteps.length : databaseProbeSteps.indexOf(end);
  const steps = databaseProbeSteps.map((name, index): DatabaseProbeReport['steps'][number] => {
    if (index < reached) return { name, ok: true };
    if (failure === undefined || index > reached) return { name, ok: 'skipped' };
    const { code, message, hint } = failure.error;
    return { name, ok: false, code, message, hint };
  });
  return {
    ok: failure === undefined,
    hostKey: hostKey ?? null,
    hostKeyFingerprint: hostKey === undefined ? null : fingerprintOf(parseHostKey(hostKey).blob),
    version: health?.version ?? null,
    ...(health === undefined ? {} : { role: health.role }),
    steps,
  };
}
