import { findCacheDir } from '#standalone/parts/cache.ts';
import { ensureDocker, stopDockerIfOurs } from '#standalone/parts/docker.ts';
import { createProgress } from '#standalone/parts/progress.ts';
import { enginesOf, startLab, stopLab } from './lab.ts';

const usage = 'Usage: node lab/main.ts up|down [--name dev] [--subnet 10.213.79] [--engine postgresql|mariadb|mysql]';

async function main(args: readonly string[]): Promise<void> {
  const option = (name: string, byDefault: string): string => {
    const index = args.indexOf(`--${name}`);
    return index === -1 ? byDefault : (args[index + 1] ?? byDefault);
  };
  const context = { cacheDir: findCacheDir(process.env), progress: createProgress((text) => void process.stdout.write(text)) };
  const name = option('name', 'dev');
  if (args[0] === 'up') {
    const lab = await startLab({
      ...context,
      name,
      subnet: option('subnet', '10.213.79'),
      engines: enginesOf(args),
    });
    for (const [service, { address }] of Object.entries(lab.hosts).filter(([name]) => lab.services.some((up) => up === name))) {
      context.progress.line(`${service}: ssh -i ${lab.stateDir}/ssh/id ${lab.sshUser}@${address}`);
    }
    context.progress.line(`https://${lab.s3.endpoint} (authority and root credentials: ${lab.stateDir}/s3)`);
  } else if (args[0] === 'down') {
    const { compose } = await ensureDocker(context);
    await stopLab(context.cacheDir, name, compose);
    await stopDockerIfOurs(context.cacheDir);
  } else {
    throw new Error(usage);
  }
}

await main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
