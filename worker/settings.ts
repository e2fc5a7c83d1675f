import { z } from 'zod';

/** The worker's environment. */
const settingsSchema = z.object({
  TIDEMARK_DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/, error: 'must be the catalogue as postgresql://…' }),
  TIDEMARK_MASTER_KEY_FILE: z.string().min(1),
  TIDEMARK_ALLOWED_NETWORKS: z
    .string()
    .default('')
    .transform((text) =>
      text
        .split(',')
        .map((entry) => entry.trim())
        .filter((entry) => entry !== ''),
    ),
  /** Whether private networks may be reached that TIDEMARK_ALLOWED_NETWORKS does not name. */
  TIDEMARK_PRIVATE_NETWORKS: z.enum(['allowed', 'refused']).default('allowed'),
  TIDEMARK_TRANSFERS: z.coerce.number().int().min(1).max(100).default(4),
  /** How far a replica may be behind: how long a backup waits for it to catch up, before it is read from the primary. */
  TIDEMARK_REPLICA_CATCH_UP_SECONDS: z.coerce.number().int().min(1).max(3600).optional(),
  /** smtp://user:password@host:port; without it mails wait for a worker that has it. */
  TIDEMARK_MAIL_URL: z.url({ protocol: /^smtps?$/, error: 'must be smtp://… or smtps://…' }).optional(),
  TIDEMARK_MAIL_FROM: z.string().min(3).default('tidemark@localhost'),
  /** Under which address people reach the panel, for links in mails. */
  TIDEMARK_PUBLIC_URL: z.url({ protocol: /^https?$/ }).optional(),
  TEMPORAL_ADDRESS: z.string().default('127.0.0.1:7233'),
  TEMPORAL_NAMESPACE: z.string().default('default'),
});

export type WorkerSettings = Readonly<z.infer<typeof settingsSchema>>;

/** Throws naming each variable that is missing or wrong. */
export function readSettings(environment: NodeJS.ProcessEnv): WorkerSettings {
  const result = settingsSchema.safeParse(environment);
  if (!result.success) throw new Error(`The worker cannot start.\n${z.prettifyError(result.error)}`);
  return Object.freeze(result.data);
}
