import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestTemporal, type TestTemporal } from '#test/api/temporal.ts';

let temporal: TestTemporal;
let connection: Connection;

beforeAll(async () => {
  temporal = await startTestTemporal();
  connection = await Connection.connect({ address: temporal.address });
});

afterAll(async () => {
  await connection.close();
  await temporal.stop();
});

it('writes on while and after somebody reads its file', async () => {
  const client = new Client({ connection });
  const begin = async (workflowId: string): Promise<string> => {
    const { firstExecutionRunId } = await connection.withDeadline(Date.now() + 10_000, () =>
      client.workflow.start('nothing', { workflowId, taskQueue: 'nobody' }),
    );
    return firstExecutionRunId;
  };
  const reader = new DatabaseSync(join(temporal.dataDir, 'temporal.db'), { readOnly: true });
  reader.exec('begin');
  expect(reader.prepare('select count(*) as known from executions').get()).toHaveProperty('known');
  expect(await begin('while')).toBeTruthy();
  reader.exec('commit');
  reader.close();
  expect(await begin('after')).toBeTruthy();
});
