import { z } from 'zod';
import { findTask, listTasks } from '#db/tasks.ts';
import { TidemarkError } from '#domain/errors.ts';
import { taskStatuses } from '#domain/states.ts';
import { idParams, listOf } from './answers.ts';
import { getVisibleTask, ownerFilter } from './ownership.ts';
import type { ApiDeps } from './route.ts';
import { defineRoute } from './route.ts';
import { taskSchema, viewTask } from './task-view.ts';
import type { TaskView } from './task-view.ts';

const taskQuery = z.strictObject({ databaseId: z.uuid().optional(), status: z.enum(taskStatuses).optional() });

export const taskRoutes = [
  defineRoute({
    method: 'get',
    path: '/api/v1/tasks',
    operationId: 'listTasks',
    summary: 'The newest 200 tasks, newest first.',
    auth: 'user',
    query: taskQuery,
    answer: { status: 200, description: 'The tasks.', schema: listOf(taskSchema) },
    async handle(call) {
      const rows = await listTasks(call.deps.db, { ...call.query, ownerId: ownerFilter(call.user) });
      return { items: rows.map(viewTask) };
    },
  }),
  defineRoute({
    method: 'get',
    path: '/api/v1/tasks/{id}',
    operationId: 'getTask',
    summary: 'One task: its phase, progress and error.',
    auth: 'user',
    params: idParams,
    answer: { status: 200, description: 'The task.', schema: taskSchema },
    handle: async (call) => viewTask(await getVisibleTask(call, call.params.id)),
  }),
];

/** The task that an operation has just been given. */
export async function viewNewTask(deps: ApiDeps, taskId: string): Promise<TaskView> {
  const row = await findTask(deps.db, taskId);
  if (row === undefined) throw new TidemarkError('internal', `task ${taskId} is gone`);
  return viewTask(row);
}
