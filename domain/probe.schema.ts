import { z } from 'zod';
import { exampleHostKey } from './examples.ts';
import { databaseProbeSteps, databaseRoles } from './states.ts';

const probeStepNames = ['connect', 'list', 'put', 'get', 'multipart', 'delete'] as const;

const outcome = {
  ok: z.union([z.boolean(), z.literal('skipped')]),
  code: z.string().optional().describe("The error's stable code, when it failed."),
  message: z.string().optional(),
  hint: z.string().optional(),
};

const probeStepSchema = z.object({ name: z.enum(probeStepNames), ...outcome }).meta({ id: 'ProbeStep' });

/** What Test Connection found, one step per right that Tidemark needs. */
export const probeReportSchema = z.object({ ok: z.boolean(), steps: z.array(probeStepSchema).readonly() }).meta({
  id: 'ProbeReport',
  examples: [
    {
      ok: false,
      steps: [
        { name: 'connect', ok: true },
        { name: 'list', ok: true },
        {
          name: 'put',
          ok: false,
          code: 'store-permission-missing',
          message: 'putting team/probe failed: AccessDenied',
          hint: 'Give the access key the named right on the bucket and prefix.',
        },
        { name: 'get', ok: 'skipped' },
        { name: 'multipart', ok: 'skipped' },
        { name: 'delete', ok: 'skipped' },
      ],
    },
  ],
});

export type ProbeReport = z.infer<typeof probeReportSchema>;

const databaseProbeStepSchema = z.object({ name: z.enum(databaseProbeSteps), ...outcome }).meta({ id: 'DatabaseProbeStep' });

/** What Test Connection found on the way to a database; what comes after a step that failed was not tried. */
export const databaseProbeReportSchema = z
  .object({
    ok: z.boolean().describe('No step failed.'),
    hostKey: z.string().nullable().describe('As the host showed it: compare it, and give it back as hostKey.'),
    hostKeyFingerprint: z.string().nullable().describe('SHA256, as `ssh-keygen -l` shows it.'),
    version: z.string().nullable().describe("The server's own."),
    role: z.enum(databaseRoles).optional(),
    steps: z.array(databaseProbeStepSchema).readonly(),
  })
  .meta({
    id: 'DatabaseProbeReport',
    examples: [
      {
        ok: false,
        hostKey: exampleHostKey,
        hostKeyFingerprint: 'SHA256:uNiVztksCsDhcc0u9e8BrrJXVGDd1xZbpF1AA6r4CAk',
        version: null,
        steps: [
          { name: 'dns', ok: true },
          { name: 'tcp', ok: true },
          { name: 'host-key', ok: true },
          {
            name: 'login',
            ok: false,
            code: 'host-login-refused',
            message: 'db1.example.com:22 refused the login of tidemark with the public key',
            hint: "Put the public key into the user's authorized_keys, and check the user's name.",
          },
          { name: 'sudo', ok: 'skipped' },
          { name: 'engine', ok: 'skipped' },
          { name: 'version', ok: 'skipped' },
        ],
      },
    ],
  });

export type DatabaseProbeReport = z.infer<typeof databaseProbeReportSchema>;
