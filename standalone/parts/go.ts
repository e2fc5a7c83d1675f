import { isCommandThere, runCommand } from '../commands.ts';
import { createLogFile } from './cache.ts';

interface GoBuild {
  readonly cacheDir: string;
  /** Where the binary goes. */
  readonly directory: string;
  readonly name: string;
  readonly module: string;
  readonly version: string;
}

/** Builds a static binary from the Go module proxy; Go checks the sums against its checksum database. */
export async function buildWithGo({ cacheDir, directory, name, module, version }: GoBuild): Promise<void> {
  if (!(await isCommandThere('go'))) {
    throw new Error(`${name} ${version} is missing and cannot be built: install Go (https://go.dev/dl), or put ${name} into PATH.`);
  }
  const logFile = await createLogFile(cacheDir, `${name}-${version}`);
  const variables = [`GOBIN=${directory}`, 'CGO_ENABLED=0', 'GOFLAGS=-trimpath -ldflags=-s'];
  await runCommand('env', [...variables, 'go', 'install', `${module}@v${version}`], {
    cwd: directory,
    logFile,
    timeoutMs: 1_800_000,
  });
}
