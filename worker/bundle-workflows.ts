/** Writes the workflows' bundle to standard output: a process of its own, because the bundler's memory would stay with the worker. */
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode } from '@temporalio/worker';

const { code } = await bundleWorkflowCode({ workflowsPath: fileURLToPath(new URL('../workflows/index.ts', import.meta.url)) });
process.stdout.write(code);
