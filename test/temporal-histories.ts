import { Client, Connection } from '@temporalio/client';

/** Every event of every workflow, with its payloads decoded. */
export async function readHistories(address: string): Promise<string> {
  const connection = await Connection.connect({ address });
  try {
    const client = new Client({ connection });
    const texts: string[] = [];
    for await (const workflow of client.workflow.list()) {
      const history = await client.workflow.getHandle(workflow.workflowId, workflow.runId).fetchHistory();
      texts.push(JSON.stringify(history, (_, value: unknown) => decode(value)));
    }
    return texts.join('\n');
  } finally {
    await connection.close();
  }
}

function decode(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('utf8');
  if (typeof value === 'object' && value !== null && 'type' in value && value.type === 'Buffer' && 'data' in value)
    return Buffer.from(value.data as number[]).toString('utf8');
  return value;
}
