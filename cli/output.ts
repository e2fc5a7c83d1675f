import { styleText } from 'node:util';
import type { CommandError } from './failures.ts';
import type { Output } from './invocation.ts';

export interface Column<T> {
  readonly title: string;
  readonly isNumber?: boolean;
  text(row: T): string;
}

type Style = 'red' | 'green' | 'bold' | 'dim';

export function writeLine(stream: Output, line = ''): void {
  stream.write(`${line}\n`);
}

export function writeJson(stream: Output, document: unknown): void {
  writeLine(stream, JSON.stringify(document, null, 2));
}

/** With titles and columns of equal width; for nothing the words. */
export function writeTable<T>(stream: Output, columns: readonly Column<T>[], rows: readonly T[], none: string): void {
  if (rows.length === 0) return writeLine(stream, none);
  const cells = rows.map((row) => columns.map((column) => plain(column.text(row))));
  const widths = columns.map(({ title }, index) => Math.max(title.length, ...cells.map((row) => (row[index] ?? '').length)));
  const lineOf = (row: readonly string[]): string =>
    row
      .map((cell, index) => (columns[index]?.isNumber === true ? cell.padStart(widths[index] ?? 0) : cell.padEnd(widths[index] ?? 0)))
      .join('  ')
      .trimEnd();
  writeLine(stream, paint(stream, 'bold', lineOf(columns.map(({ title }) => title))));
  for (const row of cells) writeLine(stream, lineOf(row));
}

/** One fact a line. */
export function writeFacts(stream: Output, facts: readonly (readonly [name: string, value: string])[]): void {
  const width = Math.max(...facts.map(([name]) => name.length));
  for (const [name, value] of facts) writeLine(stream, `${paint(stream, 'dim', name.padEnd(width))}  ${plain(value)}`);
}

/** Admins see what is others', and then have to see whose it is. */
export function hasSeveralOwners(items: readonly { readonly ownerId: string }[]): boolean {
  return new Set(items.map(({ ownerId }) => ownerId)).size > 1;
}

export function writeError(stream: Output, { message, hint }: Pick<CommandError, 'message' | 'hint'>): void {
  writeLine(stream, `${paint(stream, 'red', 'tidemark:')} ${plainLines(message)}`);
  if (hint !== undefined && hint !== '') writeLine(stream, plainLines(hint));
}

/** Only where a terminal shows it, and NO_COLOR does not forbid it. */
export function paint(stream: Output, style: Style, text: string): string {
  return styleText(style, text, { stream });
}

/** What others wrote must not steer the reader's terminal, nor break a line. */
export function plain(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ').trim();
}

function plainLines(text: string): string {
  return text
    .split('\n')
    .map((line) => plain(line))
    .join('\n');
}
