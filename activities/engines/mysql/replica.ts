import { TidemarkError } from '#domain/errors.ts';
import { FIRST_EVENT } from '../binlog/grammar.ts';
import type { Ask, ReplicaGrammar } from '../streamed/replica-grammar.ts';

const COUNTED_SECONDS = 10;

export const replica: ReplicaGrammar = {
  executedSql: 'select @@gtid_executed;',
  waitSql: (executed, seconds) => `select wait_for_executed_gtid_set('${executed}', ${seconds});`,
  findForeign,
  findMisfit: (status) => (/^ *Auto_Position: 1$/m.test(status) ? undefined : 'it follows by log positions and not by GTIDs'),
  // what the copy has already is skipped, by its GTIDs
  async findStart(_context, [first]) {
    if (first === undefined) throw new TidemarkError('backup-not-proven', 'no binary log of the primary was archived');
    return { file: first.file, position: FIRST_EVENT };
  },
};

/** A replica may be sent a transaction a moment before its primary counts it as executed, so the primary is given that moment. */
async function findForeign(onReplica: Ask, onPrimary: Ask): Promise<string> {
  const held = (await onReplica(replica.executedSql)).replaceAll('\n', '');
  if ((await onPrimary(replica.waitSql(held, COUNTED_SECONDS))) === '0') return '';
  return (await onPrimary(`select gtid_subtract('${held}', @@gtid_executed);`)).replaceAll('\n', '');
}
