import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { attachDatabase, beginGeneration, findOpenGeneration } from '#db/attachments.ts';
import { listDatabases } from '#db/databases.ts';
import { listToldGaps, loadHistories, recordLogs } from '#db/logs.ts';
import { requireOwnKey } from '#db/master-key.ts';
import { createSealer } from '#db/seal.ts';
import { insertUser } from '#db/users.ts';
import { addAttached, addBackup, addDatabase, addPolicy } from '#test/api/fixtures.ts';
import { createTestCatalogue, type TestCatalogue } from '../catalogue.ts';

let catalogue: TestCatalogue;
const sealer = createSealer(Buffer.alloc(32, 1));
const ownerId = randomUUID();
const place = () => ({ db: catalogue.db, sealer });

beforeAll(async () => {
  catalogue = await createTestCatalogue();
  await insertUser(catalogue.db, { id: ownerId, email: 'ann@example.com', name: 'Ann', role: 'user', password_hash: 'none' });
});
afterAll(() => catalogue.drop());

describe('attachDatabase', () => {
  it('attaches once: the same again changes nothing, another policy is refused', async () => {
    const databaseId = await addDatabase(place(), ownerId);
    const [first, second] = [await addPolicy(place(), ownerId), await addPolicy(place(), ownerId)];
    await attachDatabase(catalogue.db, databaseId, first);
    await attachDatabase(catalogue.db, databaseId, first);
    await expect(attachDatabase(catalogue.db, databaseId, second)).rejects.toMatchObject({
      code: 'already-attached',
      message: 'Database is already attached to another backup policy',
    });
  });

  it('lets one of two policies win that attach at the same time', async () => {
    const databaseId = await addDatabase(place(), ownerId);
    const policies = [await addPolicy(place(), ownerId), await addPolicy(place(), ownerId)];
    const outcomes = await Promise.allSettled(policies.map((policyId) => attachDatabase(catalogue.db, databaseId, policyId)));
    expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
  });
});

describe('beginGeneration', () => {
  it('ends the open one, and changes nothing when it is asked again', async () => {
    const { databaseId, policyId } = await addAttached(place(), ownerId);
    const second = { database_id: databaseId, number: 2, policy_id: policyId, encrypted: true, reason: 'restored' };
    await beginGeneration(catalogue.db, second);
    const open = await findOpenGeneration(catalogue.db, databaseId);
    await beginGeneration(catalogue.db, second);
    expect(open?.number).toBe(2);
    expect(await findOpenGeneration(catalogue.db, databaseId)).toEqual(open);
    const rows = await catalogue.db
      .selectFrom('generations')
      .select(['number', 'ended_at'])
      .where('database_id', '=', databaseId)
      .orderBy('number')
      .execute();
    expect(rows.map(({ number, ended_at }) => [number, ended_at === null])).toEqual([
      [1, false],
      [2, true],
    ]);
  });
});

it('a master key of another catalogue is refused', async () => {
  await requireOwnKey(catalogue.db, sealer);
  await addDatabase(place(), ownerId);
  await requireOwnKey(catalogue.db, sealer);
  await expect(requireOwnKey(catalogue.db, createSealer(Buffer.alloc(32, 2)))).rejects.toThrow('not the one of this catalogue');
});

describe('recordLogs and loadHistories', () => {
  const at = (minute: number) => new Date(Date.UTC(2026, 10, 22, 21, minute));
  const piece = (sequence: number, minute: number | null) => ({
    sequence,
    name: `log-${sequence}`,
    size_bytes: 100,
    archived_at: at(59),
    covers_until_at: minute === null ? null : at(minute),
  });

  it('give back what was recorded, each generation apart, with completed backups only', async () => {
    const of = await addAttached(place(), ownerId, { generations: 2 });
    const backupId = await addBackup(catalogue.db, of, { at: at(1).getTime(), logs: [1, 2] });
    await addBackup(catalogue.db, of, { status: 'failed' });
    await recordLogs(
      catalogue.db,
      { database_id: of.databaseId, generation: 1 },
      [piece(1, 2), piece(2, null)],
      [{ sequence: 3, reason: 'gone' }],
    );
    await recordLogs(catalogue.db, { database_id: of.databaseId, generation: 2 }, [piece(1, 9)], []);
    expect(await loadHistories(catalogue.db, of.databaseId)).toEqual([
      {
        generation: 1,
        points: [{ backupId, consistentAt: at(1).getTime(), firstLog: 1, lastLog: 2 }],
        pieces: [
          { sequence: 1, name: 'log-1', coversUntil: at(2).getTime() },
          { sequence: 2, name: 'log-2', coversUntil: null },
        ],
        gaps: [{ sequence: 3, reason: 'gone' }],
      },
      { generation: 2, points: [], pieces: [{ sequence: 1, name: 'log-1', coversUntil: at(9).getTime() }], gaps: [] },
    ]);
  });

  it('replace what an earlier walk found, but never shorten how far a piece covers', async () => {
    const { databaseId } = await addAttached(place(), ownerId);
    const of = { database_id: databaseId, generation: 1 };
    await recordLogs(catalogue.db, of, [piece(1, 5), piece(2, 6)], [{ sequence: 3, reason: 'gone' }]);
    await recordLogs(catalogue.db, of, [piece(2, 4), piece(3, 8)], []);
    const [history] = await loadHistories(catalogue.db, databaseId);
    expect(history?.pieces.map(({ sequence, coversUntil }) => [sequence, coversUntil])).toEqual([
      [2, at(6).getTime()],
      [3, at(8).getTime()],
    ]);
    expect(history?.gaps).toEqual([]);
    await recordLogs(catalogue.db, of, [], []);
    expect((await loadHistories(catalogue.db, databaseId))[0]?.pieces).toEqual([]);
  });

  it('tell which gaps people were told of, and what one policy alone keeps', async () => {
    const { databaseId, policyId } = await addAttached(place(), ownerId);
    const of = { database_id: databaseId, generation: 1 };
    await recordLogs(
      catalogue.db,
      of,
      [],
      [
        { sequence: 3, reason: 'gone', told: false },
        { sequence: 5, reason: 'gone' },
      ],
    );
    expect(await listToldGaps(catalogue.db, databaseId, 1)).toEqual([5]);
    expect((await loadHistories(catalogue.db, databaseId, policyId)).map(({ generation }) => generation)).toEqual([1]);
    const other = await addAttached(place(), ownerId);
    expect(await loadHistories(catalogue.db, databaseId, other.policyId)).toEqual([]);
  });

  it('take thousands of pieces at once', async () => {
    const { databaseId } = await addAttached(place(), ownerId);
    const pieces = Array.from({ length: 2_500 }, (_, index) => piece(index + 1, 3));
    await recordLogs(catalogue.db, { database_id: databaseId, generation: 1 }, pieces, []);
    expect((await loadHistories(catalogue.db, databaseId))[0]?.pieces).toHaveLength(2_500);
  });
});

describe('a name', () => {
  it('is taken once per owner', async () => {
    await addDatabase(place(), ownerId, { name: 'twice' });
    await expect(addDatabase(place(), ownerId, { name: 'twice' })).rejects.toMatchObject({ code: 'already-exists' });
    expect((await listDatabases(catalogue.db, ownerId)).filter(({ name }) => name === 'twice')).toHaveLength(1);
  });
});
