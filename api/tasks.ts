import { z } from 'zod';
import { findTaskOverview, listTasks } from '#db/tasks.ts';
import { TidemarkError } from '#domain/errors.ts';
import { taskKinds, taskStatuses } from '#domain/states.ts';
import { idParams } from './answers.ts';
import { getVisibleTask, ownerFilter } from './ownership.ts';
import { pageOf, rowPageQuery } from './paging.ts';
import type { ApiDeps } from './route.ts';
import { defineRoute } from './route.ts';
import { taskSchema, viewTask } from './task-view.ts';
import type { TaskView } from './task-view.ts';

const taskQuery = rowPageQuery.extend({
  ownerId: z.uuid().optional().describe('Of one user; admins only.'),
  databaseId: z.uuid().optional(),
  policyId: z.uuid().optional(),
  kind: z.enum(taskKinds).optional(),
  status: z.enum(taskStatuses).optional(),
});

export const taskRoutes = [
  defineRoute({
    method: 'get',
    path: '/api/v1/tasks',
    operationId: 'listTasks',
    summary: 'The tasks, newest first.',
    auth: 'user',
    problems: ['not-allowed'],
    query: taskQuery,
    answer: { status: 200, description: 'The tasks.', schema: pageOf(taskSchema) },
    async handle(call) {
      const { limit, cursor, ownerId, ...filter } = call.query;
      const page = await listTasks(call.deps.db, { ...filter, ownerId: ownerFilter(call.user, ownerId) }, { limit, cursor });
      return { ...page, items: page.items.map(viewTask) };
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
  const row = await findTaskOverview(deps.db, taskId);
  if (row === undefined) throw new TidemarkError('internal', `task ${taskId} is gone`);
  return viewTask(row);
}
