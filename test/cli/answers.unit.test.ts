import { expectTypeOf, it } from 'vitest';
import type { z } from 'zod';
import type { databaseSchema } from '#api/database-view.ts';
import type { policySchema } from '#api/policy-view.ts';
import type { restorePlanSchema } from '#api/restore-plan-view.ts';
import type { taskSchema } from '#api/task-view.ts';
import type { userSchema } from '#api/user-view.ts';
import type { Database, Policy, RestorePlan, Task, User } from '#cli/answers.ts';

// it is the type checker that judges
it('the command line reads the answers that the API gives', () => {
  expectTypeOf<z.output<typeof databaseSchema>>().toExtend<Database>();
  expectTypeOf<z.output<typeof policySchema>>().toExtend<Policy>();
  expectTypeOf<z.output<typeof restorePlanSchema>>().toExtend<RestorePlan>();
  expectTypeOf<z.output<typeof taskSchema>>().toExtend<Task>();
  expectTypeOf<z.output<typeof userSchema>>().toExtend<User>();
});
