import { readFile, stat } from 'node:fs/promises';
import type { Catalogue } from '#db/tables.ts';
import { sql } from 'kysely';

/** How one query was run: what it read of large tables. */
export interface QueryPlan {
  readonly text: string;
  readonly scans: readonly Scan[];
}

interface Scan {
  readonly node: string;
  readonly table: string;
  readonly index: string | undefined;
  /** What was read, those that a filter refused included. */
  readonly rows: number;
}

/** Every query of every connection from now on writes its plan into the server's log. */
export async function logPlans(db: Catalogue): Promise<void> {
  for (const [name, value] of Object.entries({
    session_preload_libraries: 'auto_explain',
    'auto_explain.log_min_duration': '0',
    'auto_explain.log_analyze': 'on',
    'auto_explain.log_timing': 'off',
    'auto_explain.log_format': 'json',
  }))
    await sql.raw(`alter database tidemark set ${name} = '${value}'`).execute(db);
}

/** The plans of all queries that were run meanwhile. */
export async function plansOf(logFile: string, work: () => Promise<unknown>): Promise<QueryPlan[]> {
  const { size } = await stat(logFile);
  await work();
  const log = (await readFile(logFile)).subarray(size).toString();
  // the lines that go on an entry begin with a tab
  return log.split(/\n(?!\t)/).flatMap((entry) => {
    const json = /duration: [\d.]+ ms {2}plan:\n(.*)/s.exec(entry)?.[1];
    return json === undefined ? [] : [readPlan(JSON.parse(json) as ExplainedQuery)];
  });
}

interface ExplainedQuery {
  readonly 'Query Text': string;
  readonly Plan: ExplainedNode;
}

interface ExplainedNode {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Index Name'?: string;
  readonly 'Actual Rows': number;
  readonly 'Actual Loops': number;
  readonly 'Rows Removed by Filter'?: number;
  readonly 'Rows Removed by Index Recheck'?: number;
  readonly Plans?: readonly ExplainedNode[];
}

function readPlan({ 'Query Text': text, Plan }: ExplainedQuery): QueryPlan {
  return { text, scans: scansOf(Plan) };
}

function scansOf(node: ExplainedNode): Scan[] {
  const table = node['Relation Name'];
  const each = node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0) + (node['Rows Removed by Index Recheck'] ?? 0);
  const own =
    table === undefined
      ? []
      : [{ node: node['Node Type'], table, index: node['Index Name'], rows: Math.round(each * node['Actual Loops']) }];
  return [...own, ...(node.Plans ?? []).flatMap(scansOf)];
}
