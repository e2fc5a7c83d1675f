import { utils } from 'ssh2';
import { connectHost } from '#activities/hosts/ssh.ts';
import type { Host, HostAddress } from '#activities/hosts/port.ts';
import { labHost } from '../lab.ts';

/** A machine with a real sshd, and a login there that may use sudo. */
export async function hostUnderTest(): Promise<HostAddress> {
  return labHost('pg-replica');
}

/** Opens a link for the time of `use`. */
export async function withHost<T>(use: (host: Host) => Promise<T>, address?: HostAddress): Promise<T> {
  const host = await connectHost(address ?? (await hostUnderTest()));
  try {
    return await use(host);
  } finally {
    host.close();
  }
}

/** What every process on the machine shows of itself to `ps`. */
export async function commandLines(host: Host): Promise<string[]> {
  const output = await host.run(`for file in /proc/[0-9]*/cmdline; do { tr '\\0' ' ' <"$file"; } 2>/dev/null || :; echo; done`);
  return output.split('\n').map((line) => line.trim());
}

export async function isShown(host: Host, text: string): Promise<boolean> {
  return (await commandLines(host)).some((line) => line.includes(text));
}

/** The paths under /run/tidemark/<scope>, itself included. */
export async function filesOf(host: Host, scope: string): Promise<string[]> {
  const output = await host.run(`find /run/tidemark/${scope} 2>/dev/null || :`);
  return output.split('\n').filter((path) => path !== '');
}

export async function eventually(isTrue: () => Promise<boolean>, withinMs = 5000): Promise<void> {
  const end = Date.now() + withinMs;
  while (!(await isTrue())) {
    if (Date.now() > end) throw new Error(`did not become true within ${withinMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** A number of seconds for `sleep` that no other process sleeps: its mark in the list of processes. */
export function rareSeconds(): string {
  return `7${Math.floor(Math.random() * 1000)}.${Math.floor(Math.random() * 1e9)}`;
}

export function publicKeyOf(privateKey: string): string {
  const key = utils.parseKey(privateKey);
  if (key instanceof Error) throw key;
  return `${key.type} ${key.getPublicSSH().toString('base64')}`;
}
