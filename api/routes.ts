import { z } from 'zod';
import packageJson from '../package.json' with { type: 'json' };
import { attachmentRoutes } from './attachments.ts';
import { auditRoutes } from './audit.ts';
import { backupRoutes } from './backups.ts';
import { databaseEditRoutes } from './database-edits.ts';
import { databaseTestRoutes } from './database-tests.ts';
import { databaseRoutes } from './databases.ts';
import { createEventRoutes } from './events.ts';
import { healthRoutes } from './health.ts';
import { createMeRoutes } from './me.ts';
import { noticeRoutes } from './notices.ts';
import { openApiDocument } from './openapi.ts';
import { overviewRoutes } from './overview.ts';
import { policyDeletionRoutes } from './policy-deletions.ts';
import { policyRoutes } from './policies.ts';
import { recoveryKitRoutes } from './recovery-kits.ts';
import { recoveryWindowRoutes } from './recovery-windows.ts';
import { restoreRoutes } from './restores.ts';
import { retentionRoutes } from './retention.ts';
import type { Route } from './route.ts';
import { defineRoute } from './route.ts';
import { createSessionRoutes } from './sessions.ts';
import { createSignInGuard } from './sign-in-guard.ts';
import { sshKeyRoutes } from './ssh-keys.ts';
import { storeTestRoutes } from './store-tests.ts';
import { taskRoutes } from './tasks.ts';
import { userRoutes } from './users.ts';

const documentSchema = z
  .record(z.string(), z.unknown())
  .meta({ examples: [{ openapi: '3.1.0', info: { title: 'Tidemark', version: '0.1.0' }, paths: {} }] });

/** Every route, in the order in which the documentation shows them. */
export function createRoutes(): Route[] {
  const guard = createSignInGuard();
  let document: z.output<typeof documentSchema> | undefined;
  const routes: Route[] = [
    ...createSessionRoutes(guard),
    ...createMeRoutes(guard),
    ...userRoutes,
    ...databaseRoutes,
    ...databaseEditRoutes,
    ...databaseTestRoutes,
    ...sshKeyRoutes,
    ...policyRoutes,
    ...policyDeletionRoutes,
    ...recoveryKitRoutes,
    ...storeTestRoutes,
    ...attachmentRoutes,
    ...backupRoutes,
    ...recoveryWindowRoutes,
    ...restoreRoutes,
    ...retentionRoutes,
    ...taskRoutes,
    ...overviewRoutes,
    ...createEventRoutes(),
    ...noticeRoutes,
    ...auditRoutes,
    ...healthRoutes,
    defineRoute({
      method: 'get',
      path: '/api/v1/openapi.json',
      operationId: 'getOpenApi',
      summary: 'This document.',
      auth: 'none',
      answer: { status: 200, description: 'OpenAPI 3.1.', schema: documentSchema },
      handle: async () => (document ??= openApiDocument(routes, packageJson.version)),
    }),
  ];
  return routes;
}
