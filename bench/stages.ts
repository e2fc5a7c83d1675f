import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { connectHost, scanHostKey } from '#activities/hosts/ssh.ts';
import type { Host } from '#activities/hosts/port.ts';
import { createNetworkGuard } from '#activities/stores/networks.ts';
import { openStore } from '#activities/stores/s3.ts';
import type { Store } from '#activities/stores/port.ts';
import { readObjects, type SealedObject, writeVolumes } from '#activities/streams/sealed.ts';
import { encrypt } from '#activities/streams/tink.ts';
import type { Answer } from '#lab/client.ts';
import { type Lab, primaryOf } from '#lab/lab.ts';
import { runCommand } from '#standalone/commands.ts';
import type { Hand, StreamedName } from './by-hand.ts';
import { timed } from './house.ts';

/** What one process needs to carry a stream, without a worker around it. */
export interface Parts {
  readonly host: Host;
  readonly store: Store;
}

export async function openParts(lab: Lab, engine: StreamedName, store: Answer): Promise<Parts> {
  const { address, sshPort } = lab.hosts[primaryOf(engine)];
  const { hostKey } = await scanHostKey(address, sshPort);
  const text = (name: string): string => String(store[name]);
  const [endpoint, region, bucket, prefix] = ['endpoint', 'region', 'bucket', 'prefix'].map(text);
  const [accessKey, secretKey, caPem] = ['accessKey', 'secretKey', 'caPem'].map(text);
  return {
    host: await connectHost({ host: address, port: sshPort, user: lab.sshUser, privateKey: lab.sshPrivateKey, hostKey }),
    store: openStore(
      {
        endpoint: endpoint ?? '',
        region: region ?? '',
        bucket: bucket ?? '',
        prefix: prefix ?? '',
        accessKey: accessKey ?? '',
        secretKey: secretKey ?? '',
        caPem,
      },
      { guard: createNetworkGuard({ allowed: [] }) },
    ),
  };
}

/** Of a full and of its restore, one stage more each time; each line tells what was added. */
export async function measureStages(
  lab: Lab,
  engine: StreamedName,
  store: Answer,
  hand: Hand,
): Promise<{ backup: string[]; restore: string[] }> {
  const { host, store: bucket } = await openParts(lab, engine, store);
  const stream = async (use: (bytes: AsyncIterable<Buffer>) => Promise<unknown>): Promise<void> => {
    const output = await host.readStream(`${hand.tool} | zstd -q -T0 -3 -c`, { scope: 'bench', id: 'stages' });
    await use(output.stdout as AsyncIterable<Buffer>);
    await hand.run(hand.cleanUp);
  };
  const vault = { store: bucket, key: randomBytes(32) };
  let volumes: SealedObject[] = [];
  const read = (): AsyncGenerator<Buffer> => readObjects(vault, volumes);
  const give = async (script: string, filter?: string): Promise<unknown> =>
    host.writeStream(script, Readable.from(read(), { objectMode: false }), { scope: 'bench', id: 'stages', ...(filter && { filter }) });
  const backup = await timeAll([
    ['the tool alone', () => hand.run(`${hand.tool} > /dev/null; ${hand.cleanUp}`)],
    ['and zstd', () => hand.run(`${hand.tool} | zstd -q -T0 -3 -c > /dev/null; ${hand.cleanUp}`)],
    ['and SSH', () => stream(drain)],
    ['and encryption', () => stream((bytes) => drain(encrypt(bytes, vault.key, 'bench')))],
    ['and upload', () => stream(async (bytes) => (volumes = await writeVolumes(vault, 'stages/data', bytes)))],
  ]);
  const unzstd = 'zstd -q -dc';
  const restore = await timeAll([
    ['download and decryption', () => drain(read())],
    ['and SSH', () => give('cat > /dev/null')],
    ['and zstd', () => give('cat > /dev/null', unzstd)],
    ['and unpacking', () => give(hand.unpack, unzstd)],
  ]);
  await hand.remove();
  host.close();
  bucket.close();
  return { backup, restore };
}

async function timeAll(stages: readonly [string, () => Promise<unknown>][]): Promise<string[]> {
  const lines: string[] = [];
  for (const [name, work] of stages) lines.push(`  ${(await timed(work)).toFixed(1).padStart(6)} s  ${name}`);
  return lines;
}

/** Peak memory of a process of its own that carries so many streams of 1 GiB at once, in MiB. */
export async function measureStreams(lab: Lab, engine: StreamedName, store: Answer, streams: number): Promise<number> {
  const input = JSON.stringify({ lab: lab.name, subnet: lab.subnet, engine, store, streams });
  const output = await runCommand(process.execPath, [new URL('stream-process.ts', import.meta.url).pathname], {
    input,
    timeoutMs: 1_800_000,
  });
  return Number(output.trim());
}

async function drain(source: AsyncIterable<Buffer>): Promise<void> {
  for await (const chunk of source) void chunk;
}
