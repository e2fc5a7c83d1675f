import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CommandResult, runCommand, tryCommand } from '#standalone/commands.ts';
import { createLogFile, ensureCached, findCacheDir, type PartsContext } from '#standalone/parts/cache.ts';
import { ensureCommands } from '#standalone/parts/packages.ts';
import { createProgress } from '#standalone/parts/progress.ts';
import { versions } from '#standalone/parts/versions.ts';

/** https://schemathesis.readthedocs.io: sends what an OpenAPI document allows and what it forbids, and judges the answers by it. */
export interface Schemathesis {
  /** `settings` is a schemathesis.toml. The exit code is 0 when nothing was found. */
  run(documentUrl: string, settings: string, args: readonly string[]): Promise<CommandResult>;
}

/** Installs it into the cache where it is missing. */
export async function ensureSchemathesis(): Promise<Schemathesis> {
  const context: PartsContext = { cacheDir: findCacheDir(process.env), progress: createProgress(() => undefined) };
  await ensureCommands(context, { python3: 'python3', pip3: 'python3-pip' });
  const { version, hypothesis } = versions.schemathesis;
  const directory = await ensureCached(context.cacheDir, `schemathesis-${version}`, async (draft) => {
    const logFile = await createLogFile(context.cacheDir, 'schemathesis');
    const packages = [`schemathesis==${version}`, `hypothesis==${hypothesis}`];
    await runCommand('python3', ['-m', 'pip', 'install', '--quiet', '--target', draft, ...packages], { logFile });
  });
  return {
    async run(documentUrl, settings, args) {
      const folder = await mkdtemp(join(tmpdir(), 'tidemark-schemathesis-'));
      try {
        await writeFile(join(folder, 'schemathesis.toml'), settings, { mode: 0o600 });
        const command = [`PYTHONPATH=${directory}`, 'PYTHONDONTWRITEBYTECODE=1', 'python3', '-m', 'schemathesis.cli'];
        return await tryCommand('env', [...command, 'run', documentUrl, '--no-color', ...args], { cwd: folder, timeoutMs: 1_200_000 });
      } finally {
        await rm(folder, { recursive: true });
      }
    },
  };
}
