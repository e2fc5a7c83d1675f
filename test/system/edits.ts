import { expect } from 'vitest';
import type { Answer, ApiClient, Task } from '#lab/client.ts';
import { waitForPolicy } from '#lab/story.ts';
import { waitFor } from '../product.ts';

export interface Attached {
  readonly policyId: string;
  readonly databaseId: string;
}

export interface ShownBackup {
  readonly id: string;
  readonly kind: 'full' | 'incremental';
  readonly status: string;
  readonly generation: number;
  readonly sourceId: string;
  readonly sourceReason: string | null;
}

/** Newest first. */
export async function listBackups(api: ApiClient, { databaseId }: Attached): Promise<ShownBackup[]> {
  return (await api.get<{ items: ShownBackup[] }>(`/databases/${databaseId}/backups`)).items;
}

/** Edits the policy, and waits until its store was probed. */
export async function edit(api: ApiClient, { policyId }: Attached, change: Answer): Promise<void> {
  await api.patch(`/policies/${policyId}`, change);
  await waitForPolicy(api, policyId);
}

/** Edits the policy in a way that its database's host has to hear of, and waits until it has; `meet` is given the task that brings it there. */
export async function editHost(
  api: ApiClient,
  attached: Attached,
  change: Answer,
  meet: (task: Task) => Promise<unknown> = async () => undefined,
): Promise<void> {
  const configurations = async (): Promise<Task[]> => {
    const { items } = await api.get<{ items: Task[] }>(`/tasks?databaseId=${attached.databaseId}`);
    return items.filter(({ kind }) => kind === 'configure');
  };
  const before = (await configurations()).length;
  await edit(api, attached, change);
  const task = await waitFor('the configuration of the host', async () => {
    const all = await configurations();
    return all.length > before ? all[0] : undefined;
  });
  await meet(task);
  await api.waitForTask(task.id);
}

export async function pitrStatus(api: ApiClient, { databaseId }: Attached): Promise<unknown> {
  const { attachment } = await api.get<{ attachment: Answer }>(`/databases/${databaseId}`);
  return attachment['pitrStatus'];
}

/** Until the recovery window holds a time, without anybody asking for a backup. */
export async function untilWindowHolds(api: ApiClient, { databaseId }: Attached, second: Date): Promise<void> {
  const holds = async (): Promise<true | undefined> => {
    const { intervals } = await api.get<{ intervals: { from: string; to: string }[] }>(`/databases/${databaseId}/recovery-window`);
    const newest = intervals.at(-1);
    return newest !== undefined && Date.parse(newest.to) > second.getTime() ? true : undefined;
  };
  await waitFor(`a recovery window that holds ${second.toISOString()}`, holds, 180_000);
}

/** Another encryption: a new generation begins with a full. */
export async function expectNewGeneration(api: ApiClient, attached: Attached, encryptionEnabled: boolean): Promise<void> {
  const [before] = await listBackups(api, attached);
  await editHost(api, attached, { encryptionEnabled });
  const [after] = await listBackups(api, attached);
  expect(after).toMatchObject({ kind: 'full', status: 'completed', generation: (before?.generation ?? 0) + 1 });
  expect(await pitrStatus(api, attached)).toBe('active');
}
