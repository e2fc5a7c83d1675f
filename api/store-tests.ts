import { randomUUID } from 'node:crypto';
import type { PolicyRow } from '#db/policies.ts';
import { secretKeyPlace, updatePolicy } from '#db/policies.ts';
import { storeSchema } from '#domain/policy.schema.ts';
import type { StoreInput } from '#domain/policy.schema.ts';
import { probeReportSchema } from '#domain/probe.schema.ts';
import type { ProbeReport } from '#domain/probe.schema.ts';
import type { TestStoreInput } from '#workflows/messages.ts';
import { idParams } from './answers.ts';
import { requireTemporal, tellEdited } from './operations.ts';
import { getVisiblePolicy } from './ownership.ts';
import type { ApiDeps, UserCall } from './route.ts';
import { defineRoute } from './route.ts';
import { runTest } from './run-test.ts';

const answer = { status: 200, description: 'What each step found.', schema: probeReportSchema };

export const storeTestRoutes = [
  defineRoute({
    method: 'post',
    path: '/api/v1/store-tests',
    operationId: 'testStore',
    summary: 'Test Connection before a policy is saved. Nothing is kept.',
    auth: 'user',
    problems: ['address-refused', 'temporal-unavailable'],
    body: storeSchema,
    answer,
    async handle(call) {
      const { endpoint, bucket, prefix } = call.body;
      return testStore(call, `store:${endpoint}/${bucket}/${prefix}`, call.body);
    },
  }),
  defineRoute({
    method: 'post',
    path: '/api/v1/policies/{id}/store-tests',
    operationId: 'testPolicyStore',
    summary: "Test Connection with a policy's saved store.",
    auth: 'user',
    problems: ['address-refused', 'temporal-unavailable'],
    params: idParams,
    answer,
    async handle(call) {
      const policy = await getVisiblePolicy(call, call.params.id);
      const report = await testStore(call, `policy:${policy.id}`, savedStore(call.deps, policy));
      if (!report.ok) return report;
      await updatePolicy(call.deps.db, policy.id, { credentials_verified_at: new Date() });
      // a policy that its store had stopped looks again
      if (policy.status === 'error') await tellEdited(call.deps, policy.id, { reachesHosts: false });
      return report;
    },
  }),
];

function savedStore(deps: ApiDeps, policy: PolicyRow): StoreInput {
  const { endpoint, region, bucket, prefix, access_key: accessKey } = policy;
  const secretKey = deps.sealer.open(policy.secret_key_sealed, secretKeyPlace(policy.id)).toString();
  return { endpoint, region, bucket, prefix, accessKey, secretKey, ...(policy.ca_pem === null ? {} : { caPem: policy.ca_pem }) };
}

/** Even this touches a stranger's server, so a worker does it; the credentials travel sealed. */
async function testStore(call: UserCall, subject: string, store: StoreInput): Promise<ProbeReport> {
  await requireTemporal(call.deps);
  await call.audit(subject);
  const id = randomUUID();
  const sealed = call.deps.sealer.seal(JSON.stringify(store), { table: 'probe', row: id, column: 'store' }).toString('base64');
  return probeReportSchema.parse(await runTest(call, 'testStore', `store-test-${id}`, { id, sealed } satisfies TestStoreInput));
}
