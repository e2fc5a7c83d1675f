import { getPolicy, updatePolicy } from '#db/policies.ts';
import type { HostActivities } from './activities.ts';
import type { ActivityDeps } from './context.ts';
import { storeAddress } from './context.ts';
import type { StoreAddress } from './stores/port.ts';
import { probeStore } from './stores/probe.ts';
import { wrapLong } from './wrap.ts';

type PolicyActivities = Pick<HostActivities, 'probePolicyStore' | 'probeUnsavedStore'>;

export function createPolicyActivities(deps: ActivityDeps): PolicyActivities {
  const { db, sealer } = deps;
  return {
    probePolicyStore: wrapLong(db, undefined, async ({ policyId }: { policyId: string }) => {
      const report = await probeStore(storeAddress(sealer, await getPolicy(db, policyId)), deps);
      if (report.ok) await updatePolicy(db, policyId, { credentials_verified_at: new Date() });
      return report;
    }),

    probeUnsavedStore: wrapLong(db, undefined, async ({ id, sealed }: { id: string; sealed: string }) => {
      const opened = sealer.open(Buffer.from(sealed, 'base64'), { table: 'probe', row: id, column: 'store' });
      return probeStore(JSON.parse(opened.toString()) as StoreAddress, deps);
    }),
  };
}
