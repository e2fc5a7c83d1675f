import type { Engine } from '../port.ts';
import { arm, disarm } from './arm.ts';
import { backUp } from './back-up.ts';
import { expire } from './expire.ts';
import { checkContinuity, expireLogs, flushLogs } from './logs.ts';
import { measureHealth, prepare } from './prepare.ts';
import { archiveFormer } from './restore/archive-former.ts';
import { build } from './restore/build.ts';
import { preflight } from './restore/preflight.ts';
import { recover } from './restore/recover.ts';
import { cleanUp, swap, swapBack } from './restore/swap.ts';
import { traits } from './traits.ts';

export const postgresql: Engine = {
  name: 'postgresql',
  capabilities: traits.capabilities,
  measureHealth,
  prepare,
  arm,
  disarm,
  backUp,
  flushLogs,
  checkContinuity,
  expire,
  expireLogs,
  restore: { preflight, build, recover, swap, swapBack, archiveFormer, cleanUp },
};
