/** Writes the workflows' bundle to standard output: a process of its own, because the bundler's memory would stay with the worker. */
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode } from '@temporalio/worker';

const { code } = await bundleWorkflowCode({
  workflowsPath: fileURLToPath(new URL('../workflows/index.ts', import.meta.url)),
  // a trace needs the names and lines of the sources, not their text, which the worker would keep several times
  webpackConfigHook: (config) => ({ ...config, devtool: 'inline-nosources-source-map' }),
});
// a single letter that needs two bytes makes V8 keep two for every letter
process.stdout.write(code.replaceAll(/[^\0-\x7f]/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`));
