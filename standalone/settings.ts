export interface StandaloneSettings {
  readonly dataDir: string;
  readonly apiPort: number;
  /** What API and worker are given of it. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** What API and worker read and `npm start` hands on to them. */
export const handedOn = [
  'TIDEMARK_ADMIN_EMAIL',
  'TIDEMARK_METRICS_PORT',
  'TIDEMARK_TRUSTED_PROXIES',
  'TIDEMARK_REQUESTS_PER_MINUTE',
  'TIDEMARK_TEMPORAL_TIMEOUT_MS',
  'TIDEMARK_PROBE_TIMEOUT_MS',
  'TIDEMARK_ALLOWED_NETWORKS',
  'TIDEMARK_PRIVATE_NETWORKS',
  'TIDEMARK_TRANSFERS',
  'TIDEMARK_REPLICA_CATCH_UP_SECONDS',
  'TIDEMARK_MAIL_URL',
  'TIDEMARK_MAIL_FROM',
  'TIDEMARK_PUBLIC_URL',
] as const;

/** `npm start` has its own catalogue, key and first password, and serves plain HTTP on the machine itself. */
export const refused = [
  'TIDEMARK_DATABASE_URL',
  'TIDEMARK_MASTER_KEY_FILE',
  'TIDEMARK_ADMIN_PASSWORD_FILE',
  'TIDEMARK_API_HOST',
  'TIDEMARK_TLS_CERTIFICATE_FILE',
  'TIDEMARK_TLS_KEY_FILE',
] as const;

/** Throws naming a variable that would be passed over. */
export function readSettings(environment: NodeJS.ProcessEnv): StandaloneSettings {
  const meant = refused.find((name) => (environment[name] ?? '') !== '');
  if (meant !== undefined)
    throw new Error(
      `${meant} is for an API and a worker that run by themselves; npm start does not know it. Unset it, or run them as docs/operations.md says under "In production".`,
    );
  return {
    dataDir: environment['TIDEMARK_DATA_DIR'] ?? './data',
    apiPort: Number(environment['TIDEMARK_API_PORT'] ?? '8700'),
    environment: Object.fromEntries(handedOn.map((name) => [name, environment[name] || undefined])),
  };
}
