import { raw, sh } from '#activities/hosts/script.ts';
import type { HostContext } from './port.ts';

/** Everything of ours on the host that outlives a step lies here, root's own. */
export function homeOf(databaseId: string): string {
  return `/var/lib/tidemark/${databaseId}`;
}

export function makeHome(databaseId: string): string {
  return sh`install -d -m 0755 /var/lib/tidemark
install -d -m 0711 -o root -g root ${homeOf(databaseId)}
`;
}

export function removeHome(databaseId: string): string {
  return sh`rm -rf -- ${homeOf(databaseId)}
rmdir --ignore-fail-on-non-empty /var/lib/tidemark 2>/dev/null || true
`;
}

/** Writes a small document into the home, atomically. */
export function keep(databaseId: string, name: string, content: unknown): string {
  const path = `${homeOf(databaseId)}/${name}`;
  return sh`cat > ${path}.new <<'TIDEMARK'
${raw(JSON.stringify(content))}
TIDEMARK
mv ${path}.new ${path}
`;
}

/** What `keep` wrote; undefined where there is nothing. */
export async function findKept<T>({ host, database }: HostContext, name: string): Promise<T | undefined> {
  const text = await host.run(sh`cat ${homeOf(database.id)}/${name} 2>/dev/null || true`);
  return text.trim() === '' ? undefined : (JSON.parse(text) as T);
}
