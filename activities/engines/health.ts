import { TidemarkError } from '#domain/errors.ts';
import type { Capabilities, Health } from './port.ts';
import { compareVersions } from './versions.ts';

/** What an engine is called and can; a dialect has both by itself. */
export interface Traits {
  /** As messages call it: "PostgreSQL". */
  readonly title: string;
  readonly capabilities: Capabilities;
}

/** Of every engine's own `ServerFacts`, what its health is told by. */
interface Vitals {
  readonly version: string;
  readonly replica: boolean;
  readonly lagSeconds: number | null;
  readonly sizeBytes: number;
}

/** Errors: `version-not-supported`. */
export function judgeHealth(traits: Traits, vitals: Vitals): Health {
  refuseOldServer(traits, vitals);
  const { version, replica, lagSeconds, sizeBytes } = vitals;
  return { version, role: replica ? 'replica' : 'primary', lagSeconds, sizeBytes };
}

/** Errors: `version-not-supported`. */
export function refuseOldServer({ title, capabilities: { oldestVersion } }: Traits, { version }: Vitals): void {
  if (compareVersions(version, oldestVersion) >= 0) return;
  throw new TidemarkError('version-not-supported', `${title} ${version} is too old: ${oldestVersion} is the oldest that is supported`);
}
