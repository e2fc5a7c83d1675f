import { sh } from '#activities/hosts/script.ts';
import { TidemarkError } from '#domain/errors.ts';
import { lastLines } from './log-lines.ts';
import type { HostContext } from './port.ts';

interface Missing {
  readonly packages: readonly string[];
  /** As messages call it: "pgBackRest". */
  readonly title: string;
  /** What a reader is told whose host has no apt. */
  readonly withoutApt: string;
}

const NO_APT = 3;

/** Installs packages by apt. Errors: `tool-missing`. */
export async function installPackages(context: HostContext, { packages, title, withoutApt }: Missing): Promise<void> {
  const script = sh`command -v apt-get >/dev/null || { echo 'this host has no apt-get'; exit ${NO_APT}; }
export DEBIAN_FRONTEND=noninteractive
apt-get -q -o DPkg::Lock::Timeout=120 update
apt-get -q -y -o DPkg::Lock::Timeout=120 install --no-install-recommends ${packages}
`;
  const { exitCode, log } = await context.host.runJob(
    { scope: context.database.id, id: 'install-tools', script },
    { signal: context.signal },
  );
  if (exitCode === NO_APT) throw new TidemarkError('tool-missing', `${title} is not installed on the host, and ${withoutApt}`);
  if (exitCode !== 0)
    throw new TidemarkError('tool-missing', `${title} could not be installed: apt-get ended with ${exitCode}: ${lastLines(log)}`);
}
