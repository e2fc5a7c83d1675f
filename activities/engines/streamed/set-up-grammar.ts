import type { HostContext } from '../port.ts';
import type { Server, ServerFacts } from './server-grammar.ts';

/** What a host needs, and how binary logging is turned on. */
export interface SetUpGrammar {
  /** Commands, and the package that brings each. */
  readonly tools: readonly { readonly command: string; readonly package: string }[];
  /** Why the tools on the host do not fit the server; undefined where they do. */
  findMisfit(context: HostContext, facts: ServerFacts): Promise<string | undefined>;
  /** The group that the server reads, and what is written into it so that its binary logs can be replayed. */
  readonly configGroup: string;
  logSettings(facts: ServerFacts): readonly string[];
  /** The setting because of which the binary logs could not be replayed exactly: "gtid_mode is OFF"; undefined where they can. */
  findUnreplayable(facts: ServerFacts): string | undefined;
  /** Brings a running server that has binary logging as far as it goes without a restart. Errors: `pitr-not-possible`. */
  armOnline(context: HostContext, server: Server, facts: ServerFacts): Promise<void>;
}
