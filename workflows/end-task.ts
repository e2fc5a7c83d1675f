import { CancellationScope } from '@temporalio/workflow';
import { endingOf, failureOf } from './failures.ts';
import { catalogue } from './proxies.ts';

/** Does what no policy's workflow has to hear of, and ends its task as it ended. */
export async function endTaskAfter(taskId: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    await CancellationScope.nonCancellable(() => catalogue('End the task').endTask({ taskId, failure: failureOf(error) }));
    throw endingOf(error);
  }
  await catalogue('End the task').endTask({ taskId });
}
