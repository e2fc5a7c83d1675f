/** Carries several streams at once, as the worker does, and prints its own peak memory in MiB. What to do comes on standard input. */
import { randomBytes } from 'node:crypto';
import { text } from 'node:stream/consumers';
import { writeVolumes } from '#activities/streams/sealed.ts';
import type { Answer } from '#lab/client.ts';
import { openLab } from '#lab/lab.ts';
import { findCacheDir } from '#standalone/parts/cache.ts';
import type { StreamedName } from './by-hand.ts';
import { peakMemory } from './house.ts';
import { openParts } from './stages.ts';

interface Task {
  readonly lab: string;
  readonly subnet: string;
  readonly engine: StreamedName;
  readonly store: Answer;
  readonly streams: number;
}

const { lab: name, subnet, engine, store, streams } = JSON.parse(await text(process.stdin)) as Task;
const lab = await openLab({ cacheDir: findCacheDir(process.env), name, subnet }, []);
await Promise.all(
  Array.from({ length: streams }, async (_, index) => {
    const parts = await openParts(lab, engine, store);
    const output = await parts.host.readStream('head -c 1073741824 /dev/urandom | zstd -q -1 -c', {
      scope: 'bench',
      id: `memory-${index}`,
    });
    await writeVolumes({ store: parts.store, key: randomBytes(32) }, `memory/${index}/data`, output.stdout as AsyncIterable<Buffer>);
    for await (const { key } of parts.store.list(`memory/${index}/`)) await parts.store.delete(key);
    parts.host.close();
    parts.store.close();
  }),
);
process.stdout.write(`${await peakMemory(process.pid)}\n`);
