import { writeFile } from 'node:fs/promises';
import packageJson from '../package.json' with { type: 'json' };
import { openApiDocument } from './openapi.ts';
import { createRoutes } from './routes.ts';

/** The document as it is served, for whoever reads the repository or makes a client without a running API. */
const document = openApiDocument(createRoutes(), packageJson.version);
await writeFile(new URL('../docs/openapi.json', import.meta.url), `${JSON.stringify(document, null, 2)}\n`);
