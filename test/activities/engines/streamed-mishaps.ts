import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { findManifest, writeManifest } from '#activities/engines/manifest.ts';
import type { Engine } from '#activities/engines/port.ts';
import type { StreamedData } from '#activities/engines/streamed/backup-grammar.ts';
import { sh } from '#activities/hosts/script.ts';
import { connectHost } from '#activities/hosts/ssh.ts';
import { labHost } from '../../lab.ts';
import type { StreamedWords } from './streamed-stories.ts';
import { useStory } from './streamed-story.ts';

/** What happens to servers, hosts and buckets, and must neither spoil a backup nor go unseen. */
export function describeMishaps(engine: Engine, words: StreamedWords): void {
  const story = useStory(engine);
  const { context, backUp, requestFor, restore } = story;

  /** With a script of sh in the place of a tool, which it finds as `$0.real`. */
  async function insteadOf(name: string, script: string, meet: () => Promise<unknown>): Promise<void> {
    const { host } = story.bench;
    const tool = (await host.run(sh`command -v ${name}`)).trim();
    await host.run(sh`mv ${tool} ${tool}.real; printf '#!/bin/sh\n%s\n' ${script} > ${tool}; chmod 0755 ${tool}`);
    try {
      await meet();
    } finally {
      await host.run(sh`mv -f ${tool}.real ${tool}`);
    }
  }

  it('restores a backup from a time when root had another password', async () => {
    const [old, now] = ['Old-1-password', 'New-2-password'];
    const logIn = (password: string): Promise<string> =>
      story.bench.host.run(sh`umask 077; printf '[client]\npassword=%s\n' ${password} > /root/.my.cnf`);
    try {
      await story.bench.sql(`alter user root@localhost ${words.rootsPassword(old)}`);
      await logIn(old);
      const base = await backUp();
      await story.bench.sql(`alter user root@localhost ${words.rootsPassword(now)}`);
      await logIn(now);
      const request = requestFor([base.label]);
      for (const step of ['preflight', 'build', 'recover', 'swap', 'cleanUp'] as const) await engine.restore[step](context(), request);
      story.generation = request.newGeneration;
      await expect(engine.arm(context())).rejects.toMatchObject({ code: 'server-not-found' });
      await logIn(old);
      await engine.arm(context());
      expect(await story.bench.sql(`select user from mysql.user where user like 'tidemark%'`)).toBe('');
    } finally {
      await story.bench.sql(`alter user root@localhost ${words.rootsSocket}`);
      await story.bench.host.run('rm -f /root/.my.cnf');
    }
  });

  it('takes over what lies beside the data in its directory', async () => {
    await story.bench.host.run(
      `cd /var/lib/mysql && echo mine > notes.txt && mkdir -m 0700 .private && echo mine > .private/key && chmod 0751 .`,
    );
    const base = await backUp();
    await story.bench.host.run(`cd /var/lib/mysql && install -d -o mysql -g mysql ssl/old && echo mine | tee ssl/old/key ssl/export.csv`);
    await story.bench.sql('create database later; create table later.t (n int)');
    await restore(requestFor([base.label]));
    const shown = await story.bench.host.run(
      'cd /var/lib/mysql && cat notes.txt .private/key ssl/old/key ssl/export.csv && stat -c %a . && ls -d later || true',
    );
    expect(shown).toBe('mine\nmine\nmine\nmine\n751\n');
    await story.bench.host.run('cd /var/lib/mysql && rm -r notes.txt .private ssl && chmod 0700 .');
  });

  it('refuses a table that lies outside the data directory, at each backup and each restore', async () => {
    const base = await backUp();
    await story.bench.host.run('install -d -o mysql -g mysql /var/lib/elsewhere && ln -s /var/lib/elsewhere /var/lib/mysql/shop_elsewhere');
    const refused = { code: 'layout-not-supported', message: expect.stringContaining('shop_elsewhere -> /var/lib/elsewhere') as string };
    await expect(backUp()).rejects.toMatchObject(refused);
    await expect(engine.restore.preflight(context(), requestFor([base.label]))).rejects.toMatchObject(refused);
    await story.bench.host.run('rm -r /var/lib/mysql/shop_elsewhere /var/lib/elsewhere');
  });

  it('archives nothing more once what is logged could not be replayed', async () => {
    await story.bench.sql('set global binlog_format = STATEMENT');
    await expect(engine.flushLogs(context())).rejects.toMatchObject({
      code: 'pitr-not-possible',
      message: expect.stringContaining('binlog_format is STATEMENT') as string,
    });
    await engine.arm(context());
    await engine.flushLogs(context());
  });

  it('refuses what was changed in the bucket before anything of it is put to use', async () => {
    const base = await backUp();
    const { store } = context().repository;
    const manifest = await findManifest<StreamedData>(context(), base.label);
    const [volume] = manifest?.data.volumes ?? [];
    if (volume === undefined) throw new Error('there is no volume');
    const body = await store.get(volume.key, 512 * 1024 * 1024);
    body[body.length >> 1] = (body[body.length >> 1] ?? 0) ^ 1;
    await store.put(volume.key, body);
    const request = requestFor([base.label]);
    await engine.restore.preflight(context(), request);
    await expect(engine.restore.build(context(), request)).rejects.toMatchObject({ code: 'object-tampered' });
    await engine.restore.cleanUp(context(), request);
    const key = `${story.bench.databaseId}/g${story.generation}/backups/${base.label}/manifest.json`;
    await store.put(key, Buffer.from((await store.get(key)).toString().replace('"full"', '"Full"')));
    await expect(engine.restore.preflight(context(), requestFor([base.label]))).rejects.toMatchObject({ code: 'object-tampered' });
    expect((await backUp('incremental', base.label)).fallbackReason).toContain('manifest.json is not what was written');
  });

  it.each([
    { what: 'the tool that unpacks ends badly', name: words.unpacks, script: 'cat >/dev/null; echo spoilt >&2; exit 3' },
    {
      what: 'the disk refuses what is written',
      name: 'sync',
      script: '[ "$1" != -f ] || { echo spoilt >&2; exit 1; }; exec "$0.real" "$@"',
    },
  ])('does not go on where $what', async ({ name, script }) => {
    const base = await backUp();
    const request = requestFor([base.label]);
    await engine.restore.preflight(context(), request);
    await insteadOf(name, script, async () => {
      await expect(engine.restore.build(context(), request)).rejects.toMatchObject({
        code: 'backup-failed',
        message: expect.stringContaining('spoilt') as string,
      });
    });
    await engine.restore.cleanUp(context(), request);
  });

  it('keeps out of memory what has reached the disk, and goes on where it cannot', async () => {
    const base = await backUp();
    const request = requestFor([base.label]);
    await engine.restore.preflight(context(), request);
    const asked = '/tmp/tidemark-asked';
    await insteadOf('dd', `echo "$@" >>${asked}; exit 1`, () => engine.restore.build(context(), request));
    expect(await story.bench.host.run(`cat ${asked}; rm ${asked}`)).toMatch(/^if=\S*ibd\S* iflag=nocache count=0$/m);
    await engine.restore.cleanUp(context(), request);
  });

  it('never completes a backup whose tool was killed in the middle, and takes it whole afterwards', async () => {
    const backupId = randomUUID();
    await story.bench
      .sql(`create table shop.ballast (id int auto_increment primary key, t varchar(1000)); insert into shop.ballast (t) values (repeat(sha2(rand(), 256), 15));
${'insert into shop.ballast (t) select repeat(sha2(rand(), 256), 15) from shop.ballast;\n'.repeat(17)}`);
    const killer = await connectHost(await labHost(`${engine.name as 'mariadb' | 'mysql'}-primary`));
    for (const tool of words.tools) {
      const killed = killer.run(`for try in $(seq 2000); do pkill -KILL -f ${sh`${tool}`} && exit 0; sleep 0.01; done; exit 1`);
      await expect(backUp('full', undefined, backupId)).rejects.toMatchObject({ code: 'backup-failed' });
      await killed;
      expect(await findManifest(context(), backupId)).toBeUndefined();
      expect(await story.bench.sql(`select info from information_schema.processlist where info like 'clone%'`)).toBe('');
    }
    killer.close();
    const again = await backUp('full', undefined, backupId);
    const volumes = (await findManifest<StreamedData>(context(), backupId))?.data.volumes ?? [];
    const stored: string[] = [];
    for await (const { key } of context().repository.store.list(`${story.bench.databaseId}/g${story.generation}/backups/${backupId}/data`))
      stored.push(key);
    expect(stored).toEqual(volumes.map(({ key }) => key));
    expect(again.storedBytes).toBe(volumes.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0));
    await story.bench.sql('drop table shop.ballast');
  });

  it('tells what was purged before it was archived, and what a RESET has cut off; a full opens the window again', async () => {
    const base = await backUp();
    await story.bench.closeLogs(3);
    const logs = (await story.bench.sql('show binary logs')).split('\n').map((line) => line.split('\t')[0] ?? '');
    await story.bench.sql(`purge binary logs to '${logs.at(-1)}'`);
    const mark = await engine.flushLogs(context());
    const { gaps } = await engine.checkContinuity(context(), base.firstLog ?? 0, [mark]);
    expect(gaps).toEqual([
      { sequence: expect.any(Number) as number, reason: expect.stringMatching(/were purged before they were archived/) as string },
    ]);
    const late = requestFor([base.label], new Date(mark.coversUntil));
    await expect(engine.restore.preflight(context(), late)).rejects.toMatchObject({ code: 'target-not-reached' });
    const child = await backUp('incremental', base.label);
    if (child.kind === 'full') expect(child.fallbackReason).toContain('purged');
    const next = await backUp();
    await story.bench.sql(words.reset);
    await story.bench.closeLogs(2);
    const after = await engine.flushLogs(context());
    const report = await engine.checkContinuity(context(), next.firstLog ?? 0, [after]);
    expect(report.gaps).toEqual([expect.objectContaining({ reason: expect.stringMatching(/were reset after/) as string })]);
    const fresh = await backUp();
    const open = await engine.checkContinuity(context(), fresh.firstLog ?? 0, [await engine.flushLogs(context())]);
    expect(open.gaps).toEqual([]);
  });

  it('goes on after a restart of the server, and begins anew with a full after an upgrade', async () => {
    const base = await backUp();
    await story.bench.host.run(`service ${engine.name} restart`);
    const child = await backUp('incremental', base.label);
    expect([child.kind, child.fallbackReason]).toEqual(['incremental', undefined]);
    const manifest = await findManifest<StreamedData>(context(), child.label);
    if (manifest === undefined) throw new Error('there is no manifest');
    const outcome = { ...manifest.outcome, serverVersion: '10.0.1' };
    await writeManifest(context(), child.label, { engine: engine.name, outcome, data: manifest.data });
    const anew = await backUp('incremental', child.label);
    expect([anew.kind, anew.fallbackReason]).toEqual(['full', expect.stringMatching(/upgraded from 10\.0\.1 to \d/)]);
  });

  it('goes on after a log that a crash has torn, with a hole in its place', async () => {
    const base = await backUp();
    await story.bench.closeLogs(3);
    const logs = (await story.bench.sql('show binary logs')).split('\n').map((line) => line.split('\t')[0] ?? '');
    await story.bench.host.run(sh`truncate -s -5 ${`/var/lib/mysql/${logs.at(-3)}`}`);
    const mark = await engine.flushLogs(context());
    const { gaps, pieces } = await engine.checkContinuity(context(), base.firstLog ?? 0, [mark]);
    expect(gaps).toEqual([expect.objectContaining({ reason: expect.stringMatching(/breaks off in the middle of an event/) as string })]);
    expect(pieces.at(-1)?.sequence).toBe(mark.sequence);
    expect((await backUp()).kind).toBe('full');
  });
}
