import { useQuery } from '@tanstack/react-query';
import { api, ask } from './ask.ts';
import { keys } from './keys.ts';
import { useMe } from './me.ts';
import type { Task } from './tasks.ts';

/** Where the Temporal Web UI shows a task's workflow; undefined for those who are no admins, and where its address is not known. */
export function useWorkflowAddress(): (task: Task) => string | undefined {
  const { data } = useInstallation();
  return ({ workflowId }) => {
    if (typeof data?.temporalUiUrl !== 'string' || workflowId === null) return undefined;
    return `${data.temporalUiUrl}/namespaces/${data.temporalNamespace ?? 'default'}/workflows/${encodeURIComponent(workflowId)}`;
  };
}

function useInstallation() {
  const { role } = useMe();
  return useQuery({ queryKey: keys.installation, queryFn: () => ask(() => api.GET('/api/v1/installation')), enabled: role === 'admin' });
}
