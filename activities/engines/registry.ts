import type { EngineName } from '#domain/states.ts';
import type { Engine } from './port.ts';
import { mariadb } from './mariadb/index.ts';
import { mysql } from './mysql/index.ts';
import { postgresql } from './postgresql/index.ts';

const engines: Readonly<Record<EngineName, Engine>> = { postgresql, mariadb, mysql };

export function getEngine(name: EngineName): Engine {
  return engines[name];
}
