import type { EngineName } from '#domain/states.ts';

export const engineLabels: Readonly<Record<EngineName, string>> = { postgresql: 'PostgreSQL', mariadb: 'MariaDB', mysql: 'MySQL' };

interface EngineProps {
  readonly name: EngineName;
  readonly version?: string | null;
}

/** "PostgreSQL 17.6" */
export function Engine({ name, version }: EngineProps) {
  return (
    <>
      {engineLabels[name]}
      {typeof version === 'string' && ` ${version}`}
    </>
  );
}
