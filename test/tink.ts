import { join } from 'node:path';
import { runCommand } from '#standalone/commands.ts';
import { createLogFile, ensureCached, findCacheDir, type PartsContext } from '#standalone/parts/cache.ts';
import { fetchByMaven } from '#standalone/parts/maven.ts';
import { ensureCommands } from '#standalone/parts/packages.ts';
import { createProgress } from '#standalone/parts/progress.ts';
import { versions } from '#standalone/parts/versions.ts';

/** Google's Tink in another language. */
export interface Tink {
  /** The command line of its interpreter, with its library. */
  readonly interpreter: readonly string[];
  run(key: Buffer, associatedData: string, files: readonly { mode: 'encrypt' | 'decrypt'; from: string; to: string }[]): Promise<void>;
}

const programs = join(import.meta.dirname, 'tink');

/** Installs it into the cache where it is missing. */
export async function ensureTink(language: 'python' | 'java'): Promise<Tink> {
  const context: PartsContext = { cacheDir: findCacheDir(process.env), progress: createProgress(() => undefined) };
  const interpreter = await (language === 'python' ? ensurePython(context) : ensureJava(context));
  const [command, ...args] = [...interpreter, join(programs, language === 'python' ? 'tink_stream.py' : 'TinkStream.java')];
  return {
    interpreter,
    async run(key, associatedData, files) {
      const input = files.map(({ mode, from, to }) => `${mode} ${from} ${to}`).join('\n');
      await runCommand(command ?? '', [...args, key.toString('hex'), associatedData], { input });
    },
  };
}

async function ensurePython(context: PartsContext): Promise<string[]> {
  await ensureCommands(context, { python3: 'python3', pip3: 'python3-pip' });
  const { version } = versions.tinkPython;
  const directory = await ensureCached(context.cacheDir, `tink-python-${version}`, async (draft) => {
    const logFile = await createLogFile(context.cacheDir, 'tink-python');
    const install = ['-m', 'pip', 'install', '--quiet', '--target', draft, `tink==${version}`];
    await runCommand('python3', install, { logFile });
  });
  return ['env', `PYTHONPATH=${directory}`, 'python3'];
}

async function ensureJava(context: PartsContext): Promise<string[]> {
  await ensureCommands(context, { javac: 'default-jdk-headless', mvn: 'maven' });
  const { version } = versions.tinkJava;
  const directory = await ensureCached(context.cacheDir, `tink-java-${version}`, (draft) =>
    fetchByMaven({ cacheDir: context.cacheDir, directory: draft, ...versions.tinkJava }),
  );
  return ['java', '-cp', `${directory}/jars/*`];
}
