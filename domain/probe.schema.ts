import { z } from 'zod';

const probeStepNames = ['connect', 'list', 'put', 'get', 'multipart', 'delete'] as const;

const probeStepSchema = z
  .object({
    name: z.enum(probeStepNames),
    ok: z.union([z.boolean(), z.literal('skipped')]),
    code: z.string().optional().describe("The error's stable code, when it failed."),
    message: z.string().optional(),
    hint: z.string().optional(),
  })
  .meta({ id: 'ProbeStep' });

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
