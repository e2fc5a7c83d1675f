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
export const probeReportSchema = z.object({ ok: z.boolean(), steps: z.array(probeStepSchema).readonly() }).meta({ id: 'ProbeReport' });

export type ProbeReport = z.infer<typeof probeReportSchema>;
