import { listGenerations } from '#db/attachments.ts';
import { listDatabasesKeptBy } from '#db/databases.ts';
import { openPolicyKey } from '#db/policies.ts';
import { idParams } from './answers.ts';
import { getPolicyEvenDeleted } from './ownership.ts';
import { recoveryKitSchema, viewRecoveryKit } from './recovery-kit-view.ts';
import { defineRoute } from './route.ts';

export const recoveryKitRoutes = [
  defineRoute({
    method: 'post',
    path: '/api/v1/policies/{id}/recovery-kits',
    operationId: 'createRecoveryKit',
    summary:
      "What it takes, beside the bucket's own keys, to restore without Tidemark. It holds the policy's key: keep it apart from the bucket.",
    auth: 'user',
    needs: 'fresh',
    everyTime: true,
    params: idParams,
    answer: { status: 201, description: 'The kit, to be saved as a file.', schema: recoveryKitSchema },
    async handle(call) {
      const { db, sealer } = call.deps;
      const policy = await getPolicyEvenDeleted(call, call.params.id);
      await call.audit(`policy:${policy.id}`);
      const [databases, generations] = await Promise.all([listDatabasesKeptBy(db, policy.id), listGenerations(db, policy.id)]);
      const isEncrypted = policy.encryption_enabled || generations.some(({ encrypted }) => encrypted);
      const kitFile = fileNameOf(policy.name);
      call.peer.saveAs(kitFile);
      return viewRecoveryKit({ policy, databases, generations, key: isEncrypted ? openPolicyKey(sealer, policy) : undefined, kitFile });
    },
  }),
];

/** Safe in a header, in a shell and on any file system. */
function fileNameOf(policyName: string): string {
  const safe = policyName
    .normalize('NFKD')
    .replaceAll(/[^A-Za-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '');
  return `tidemark-recovery-kit-${safe.toLowerCase() || 'policy'}.json`;
}
