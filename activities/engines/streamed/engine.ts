import { checkLogs } from '../binlog/continuity.ts';
import { expireLogs } from '../binlog/expire.ts';
import type { Engine } from '../port.ts';
import { arm, disarm } from './arm.ts';
import { backUp } from './back-up.ts';
import type { Dialect } from './dialect.ts';
import { expire } from './expire.ts';
import { flushLogs } from './logs.ts';
import { measureHealth, prepare } from './prepare.ts';
import { archiveFormer } from './restore/archive-former.ts';
import { build } from './restore/build.ts';
import { preflight } from './restore/preflight.ts';
import { recover } from './restore/recover.ts';
import { cleanUp, swap, swapBack } from './restore/swap.ts';

/** An engine whose backups stream through the worker, by its dialect. */
export function createStreamedEngine(dialect: Dialect): Engine {
  return {
    name: dialect.name,
    capabilities: dialect.capabilities,
    measureHealth: (context) => measureHealth(context, dialect),
    prepare: (context) => prepare(context, dialect),
    arm: (context) => arm(context, dialect),
    disarm: (context) => disarm(context, dialect),
    backUp: (context, request) => backUp(context, dialect, request),
    flushLogs: (context) => flushLogs(context, dialect),
    checkContinuity: checkLogs,
    expire,
    expireLogs,
    restore: {
      preflight: (context, request) => preflight(context, dialect, request),
      build: (context, request) => build(context, dialect, request),
      recover: (context, request) => recover(context, dialect, request),
      swap: (context, request) => swap(context, dialect, request),
      swapBack: (context, request) => swapBack(context, dialect, request),
      archiveFormer: (context, request) => archiveFormer(context, dialect, request),
      cleanUp: (context, request) => cleanUp(context, dialect, request),
    },
  };
}
