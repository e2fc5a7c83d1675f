import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { Resolver } from 'node:dns/promises';

export interface NameServer {
  /** How often each name was asked for. */
  readonly asked: ReadonlyMap<string, number>;
  /** As a network guard takes it. */
  lookup(host: string): Promise<{ address: string }[]>;
  stop(): Promise<void>;
}

/** A real name server, whose answers to a name differ from time to time; the last one stays. */
export async function startNameServer(answers: Readonly<Record<string, readonly string[]>>): Promise<NameServer> {
  const asked = new Map<string, number>();
  const socket = createSocket('udp4');
  socket.on('message', (query, { address, port }) => {
    const name = nameOf(query);
    const times = asked.get(name) ?? 0;
    asked.set(name, times + 1);
    const known = answers[name] ?? [];
    socket.send(answerTo(query, known[Math.min(times, known.length - 1)]), port, address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const resolver = new Resolver({ timeout: 1_000, tries: 1 });
  resolver.setServers([`127.0.0.1:${socket.address().port}`]);
  return {
    asked,
    async lookup(host) {
      const found = host.startsWith('six') ? await resolver.resolve6(host) : await resolver.resolve4(host);
      return found.map((address) => ({ address }));
    },
    async stop() {
      socket.close();
      await once(socket, 'close');
    },
  };
}

/** The question begins after the head of 12 bytes: labels, each behind its length, up to an empty one (RFC 1035, 4.1). */
function nameOf(query: Buffer): string {
  const labels: string[] = [];
  for (let at = 12; query[at] !== 0; at += 1 + (query[at] ?? 0)) labels.push(query.toString('latin1', at + 1, at + 1 + (query[at] ?? 0)));
  return labels.join('.');
}

/** With a time to live of 0, so that nobody remembers it; no answer is NXDOMAIN. */
function answerTo(query: Buffer, address: string | undefined): Buffer {
  const question = query.subarray(12, query.indexOf(0, 12) + 5);
  const flags = address === undefined ? 0x8183 : 0x8180;
  const head = Buffer.concat([query.subarray(0, 2), words(flags, 1, address === undefined ? 0 : 1, 0, 0)]);
  if (address === undefined) return Buffer.concat([head, question]);
  const data = address.includes(':') ? bytesOfIpv6(address) : Buffer.from(address.split('.').map(Number));
  const type = data.length === 4 ? 1 : 28;
  return Buffer.concat([head, question, words(0xc00c, type, 1, 0, 0, data.length), data]);
}

function bytesOfIpv6(address: string): Buffer {
  const [left = [], right = []] = address.split('::').map((side) => side.split(':').filter((group) => group !== ''));
  const zeros = Array.from({ length: 8 - left.length - right.length }, () => '0');
  return words(...[...left, ...zeros, ...right].map((group) => Number.parseInt(group, 16)));
}

function words(...values: readonly number[]): Buffer {
  return Buffer.from(values.flatMap((value) => [value >> 8, value & 0xff]));
}
