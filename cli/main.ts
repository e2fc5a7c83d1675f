#!/bin/sh
//usr/bin/env true; PATH="$(dirname "$(readlink -f "$0")")/../node_modules/.bin:$PATH" exec node "$0" "$@"
// The line above is sh's, and a comment to Node: an older Node on the PATH cannot run this file, the project's own can.

import { runCommand } from './program.ts';

// what is set to nothing counts as not set
const [url, token, configHome] = ['TIDEMARK_URL', 'TIDEMARK_TOKEN', 'XDG_CONFIG_HOME'].map((name) => process.env[name] || undefined);
const { stdin: input, stdout: output, stderr: errors } = process;

// whoever reads may have seen enough, as head does
output.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});

process.exitCode = await runCommand(process.argv.slice(2), {
  terminal: { input, output, errors },
  surroundings: { url, token, configHome },
});
