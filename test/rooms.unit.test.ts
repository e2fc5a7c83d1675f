import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tryCommand } from '#standalone/commands.ts';
import manifest from '../package.json' with { type: 'json' };
import { openRooms, rooms } from '../rooms.ts';

const root = new URL('..', import.meta.url).pathname;
const everyRoom = [...rooms.map((room) => room.name), ...openRooms];
const packages = Object.keys({ ...manifest.dependencies, ...manifest.devDependencies });

interface Probe {
  readonly file: string;
  readonly line: string;
  readonly refused: boolean;
}

/** One file for each room and each thing that could be imported there. */
const probes: Probe[] = rooms.flatMap((room) => {
  const probe = (name: string, line: string, refused: boolean): Probe => ({
    file: `${room.name}/${name.replaceAll(/[^a-z0-9]/g, '-')}.ts`,
    line,
    refused,
  });
  const others = everyRoom.filter((name) => name !== room.name);
  return [
    ...others.map((name) => probe(`value-${name}`, `import { x } from '#${name}/x.ts';`, !room.may.includes(name))),
    ...others.map((name) =>
      probe(`type-${name}`, `import type { X } from '#${name}/x.ts';`, ![...room.may, ...(room.typesOnly ?? [])].includes(name)),
    ),
    ...others.map((name) => probe(`relative-${name}`, `import { x } from '../${name}/x.ts';`, true)),
    ...packages.map((name) => probe(`package-${name}`, `import * as x from '${name}';`, !room.outside.includes(name))),
  ];
});

describe('the rooms', () => {
  let folder: string;
  let refused: ReadonlySet<string>;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tidemark-rooms-'));
    for (const file of ['rooms.ts', 'oxlint.config.ts', 'package.json', 'tsconfig.json']) await cp(join(root, file), join(folder, file));
    await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
    for (const room of rooms) await mkdir(join(folder, room.name));
    for (const { file, line } of probes) await writeFile(join(folder, file), `${line}\n`);
    const result = await tryCommand(join(root, 'node_modules/.bin/oxlint'), ['--format=json'], { cwd: folder });
    const { diagnostics } = JSON.parse(result.stdout) as { diagnostics: { code: string; filename: string }[] };
    refused = new Set(diagnostics.filter(({ code }) => code.includes('no-restricted-imports')).map(({ filename }) => filename));
  }, 60_000);
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('refuse every import that the table forbids, and allow every other', () => {
    const wrong = probes.filter((probe) => refused.has(probe.file) !== probe.refused);
    expect(wrong.map(({ file, line }) => `${file}: ${line}`)).toEqual([]);
    expect(probes.filter((probe) => probe.refused).length).toBeGreaterThan(100);
  });

  it.each(everyRoom)('%s/ has a sign that says what lives there and what it may import', async (name) => {
    const sign = await readFile(join(root, name, 'README.md'), 'utf8');
    const lines = sign.trimEnd().split('\n');
    expect(lines.length).toBeLessThanOrEqual(10);
    expect(lines[0]).toMatch(/^\S.*[.:]/);
    const room = rooms.find((candidate) => candidate.name === name);
    const may = /^May import: (.*)$/m.exec(sign)?.[1] ?? '';
    for (const other of everyRoom) {
      const isAllowed = room?.may.includes(other) ?? false;
      if (room !== undefined && other !== name) expect([other, new RegExp(`\\b${other}\\b`).test(may)]).toEqual([other, isAllowed]);
    }
    if (room === undefined) expect(may).toBe('anything');
  });
});
