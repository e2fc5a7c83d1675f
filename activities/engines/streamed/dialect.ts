import type { EngineName } from '#domain/states.ts';
import type { BinlogGrammar } from '../binlog/grammar.ts';
import type { Capabilities } from '../port.ts';
import type { BackupGrammar } from './backup-grammar.ts';
import type { ReplicaGrammar } from './replica-grammar.ts';
import type { RestoreGrammar } from './restore/grammar.ts';
import type { ServerGrammar } from './server-grammar.ts';
import type { SetUpGrammar } from './set-up-grammar.ts';

/** What differs between the engines whose backups stream through the worker: names, grammar, and the scripts that only one has. */
export interface Dialect {
  readonly name: EngineName;
  /** As messages call it: "MariaDB". */
  readonly title: string;
  readonly capabilities: Capabilities;
  readonly server: ServerGrammar;
  readonly setUp: SetUpGrammar;
  readonly backup: BackupGrammar;
  readonly replica: ReplicaGrammar;
  readonly restore: RestoreGrammar;
  readonly binlog: BinlogGrammar;
}
