import { useOutletContext } from 'react-router';
import type { Database } from '../../client/databases.ts';

/** The database whose page stands around the tab. */
export function useShownDatabase(): Database {
  return useOutletContext<Database>();
}
