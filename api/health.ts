import { z } from 'zod';
import packageJson from '../package.json' with { type: 'json' };
import { pingCatalogue } from '#db/connect.ts';
import { requireTemporal } from './operations.ts';
import { defineRoute } from './route.ts';

const healthSchema = z.object({ status: z.literal('ok') }).meta({ id: 'Health', examples: [{ status: 'ok' }] });
const readinessSchema = z
  .object({ status: z.literal('ready'), catalogue: z.literal('ok'), temporal: z.literal('ok') })
  .meta({ id: 'Readiness', examples: [{ status: 'ready', catalogue: 'ok', temporal: 'ok' }] });

const installationSchema = z
  .object({
    version: z.string(),
    temporalNamespace: z.string().nullable(),
    temporalUiUrl: z.string().nullable().describe('Of the Temporal Web UI; null where TEMPORAL_UI_URL does not say it.'),
  })
  .meta({
    id: 'Installation',
    examples: [{ version: '1.0.0', temporalNamespace: 'default', temporalUiUrl: 'http://127.0.0.1:8233' }],
  });

export const healthRoutes = [
  defineRoute({
    method: 'get',
    path: '/healthz',
    operationId: 'getHealth',
    summary: 'The process lives.',
    auth: 'none',
    answer: { status: 200, description: 'It does.', schema: healthSchema },
    handle: async () => ({ status: 'ok' as const }),
  }),
  defineRoute({
    method: 'get',
    path: '/readyz',
    operationId: 'getReadiness',
    summary: 'Catalogue and Temporal answer; otherwise 503, saying which does not.',
    auth: 'none',
    problems: ['catalogue-unavailable', 'temporal-unavailable'],
    answer: { status: 200, description: 'Both do.', schema: readinessSchema },
    async handle(call) {
      await pingCatalogue(call.deps.db);
      await requireTemporal(call.deps);
      return { status: 'ready' as const, catalogue: 'ok' as const, temporal: 'ok' as const };
    },
  }),
  defineRoute({
    method: 'get',
    path: '/api/v1/installation',
    operationId: 'getInstallation',
    summary: 'Of which version Tidemark is, and where operators find its workflows.',
    auth: 'admin',
    answer: { status: 200, description: 'The installation.', schema: installationSchema },
    async handle({ deps: { settings } }) {
      const { temporalNamespace = null, temporalUiUrl = null } = settings;
      return { version: packageJson.version, temporalNamespace, temporalUiUrl };
    },
  }),
];
