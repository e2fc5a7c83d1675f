import { TidemarkError } from '#domain/errors.ts';
import type { EngineName } from '#domain/states.ts';
import type { Engine } from './port.ts';
import { postgresql } from './postgresql/index.ts';

const engines: Partial<Record<EngineName, Engine>> = { postgresql };

/** Throws `version-not-supported` where this build has no engine of that name. */
export function getEngine(name: EngineName): Engine {
  const engine = engines[name];
  if (engine === undefined) throw new TidemarkError('version-not-supported', `this version of Tidemark does not back up ${name} yet`);
  return engine;
}
