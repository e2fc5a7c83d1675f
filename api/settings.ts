import { isIP } from 'node:net';
import { join } from 'node:path';
import { z } from 'zod';
import { TidemarkError } from '#domain/errors.ts';

const milliseconds = z.coerce.number().int().min(100).max(600_000);

const environmentSchema = z.object({
  TIDEMARK_DATABASE_URL: z.string().regex(/^postgres(ql)?:\/\//, 'must be a postgresql:// URL'),
  TIDEMARK_API_HOST: z.string().min(1).default('127.0.0.1'),
  TIDEMARK_API_PORT: z.coerce.number().int().min(0).max(65_535).default(8700),
  /** Of /metrics; without it there are none. */
  TIDEMARK_METRICS_PORT: z.coerce.number().int().min(0).max(65_535).optional(),
  TIDEMARK_TLS_CERTIFICATE_FILE: z.string().min(1).optional(),
  TIDEMARK_TLS_KEY_FILE: z.string().min(1).optional(),
  /** Of the proxies in front, separated by commas. */
  TIDEMARK_TRUSTED_PROXIES: z
    .string()
    .default('')
    .transform((text) => text.split(',').flatMap((entry) => (entry.trim() === '' ? [] : [entry.trim()])))
    .refine((entries) => entries.every(isNetwork), 'must be addresses or ranges such as 10.0.0.0/8, separated by commas'),
  TEMPORAL_ADDRESS: z.string().min(1).default('127.0.0.1:7233'),
  TEMPORAL_NAMESPACE: z.string().min(1).default('default'),
  /** Of the Temporal Web UI, for links; without it there are none. */
  TEMPORAL_UI_URL: z.url({ protocol: /^https?$/ }).optional(),
  TIDEMARK_MASTER_KEY_FILE: z.string().min(1),
  TIDEMARK_ADMIN_EMAIL: z.string().min(1).max(320).default('admin@localhost'),
  TIDEMARK_ADMIN_PASSWORD_FILE: z.string().min(1).optional(),
  /** Of one user, or of one address from which nobody is signed in. */
  TIDEMARK_REQUESTS_PER_MINUTE: z.coerce.number().int().min(1).max(1_000_000).default(600),
  TIDEMARK_TEMPORAL_TIMEOUT_MS: milliseconds.default(10_000),
  TIDEMARK_PROBE_TIMEOUT_MS: milliseconds.default(60_000),
});

function isNetwork(entry: string): boolean {
  const [address = '', bits, ...rest] = entry.split('/');
  const family = isIP(address);
  return (
    family !== 0 && rest.length === 0 && (bits === undefined || (/^[1-9]\d{0,2}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128)))
  );
}

/** One without the other is a mistake, and plain HTTP would not be what was meant. */
function tlsOf({ TIDEMARK_TLS_CERTIFICATE_FILE: certificateFile, TIDEMARK_TLS_KEY_FILE: keyFile }: Environment): ApiSettings['tls'] {
  if (certificateFile === undefined && keyFile === undefined) return undefined;
  if (certificateFile === undefined || keyFile === undefined)
    throw new TidemarkError('invalid-request', 'TLS needs both TIDEMARK_TLS_CERTIFICATE_FILE and TIDEMARK_TLS_KEY_FILE');
  return { certificateFile, keyFile };
}

type Environment = z.output<typeof environmentSchema>;

export interface ApiSettings {
  readonly databaseUrl: string;
  readonly host: string;
  /** 0 takes any free one. */
  readonly port: number;
  /** undefined: no metrics. */
  readonly metricsPort?: number | undefined;
  /** PEM files; undefined: plain HTTP, for the machine itself or behind a proxy. */
  readonly tls?: { readonly certificateFile: string; readonly keyFile: string } | undefined;
  readonly trustedProxies?: readonly string[];
  readonly temporalAddress: string;
  readonly temporalNamespace: string;
  readonly temporalUiUrl?: string | undefined;
  readonly masterKeyFile: string;
  readonly adminEmail: string;
  readonly adminPasswordFile?: string | undefined;
  readonly requestsPerMinute: number;
  readonly temporalTimeoutMs: number;
  readonly probeTimeoutMs: number;
  /** Where the panel's build lies. */
  readonly panelFolder: string;
}

/** Throws `invalid-request`, naming each variable that is missing or wrong. */
export function readSettings(environment: Readonly<Record<string, string | undefined>>): ApiSettings {
  const result = environmentSchema.safeParse(environment);
  if (!result.success) {
    const complaints = result.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
    throw new TidemarkError('invalid-request', `the environment is not as the API needs it: ${complaints.join('; ')}`);
  }
  const { data } = result;
  return Object.freeze({
    databaseUrl: data.TIDEMARK_DATABASE_URL,
    host: data.TIDEMARK_API_HOST,
    port: data.TIDEMARK_API_PORT,
    metricsPort: data.TIDEMARK_METRICS_PORT,
    tls: tlsOf(data),
    trustedProxies: data.TIDEMARK_TRUSTED_PROXIES,
    temporalAddress: data.TEMPORAL_ADDRESS,
    temporalNamespace: data.TEMPORAL_NAMESPACE,
    temporalUiUrl: data.TEMPORAL_UI_URL,
    masterKeyFile: data.TIDEMARK_MASTER_KEY_FILE,
    adminEmail: data.TIDEMARK_ADMIN_EMAIL,
    adminPasswordFile: data.TIDEMARK_ADMIN_PASSWORD_FILE,
    requestsPerMinute: data.TIDEMARK_REQUESTS_PER_MINUTE,
    temporalTimeoutMs: data.TIDEMARK_TEMPORAL_TIMEOUT_MS,
    probeTimeoutMs: data.TIDEMARK_PROBE_TIMEOUT_MS,
    panelFolder: join(import.meta.dirname, '..', 'panel', 'dist'),
  });
}
