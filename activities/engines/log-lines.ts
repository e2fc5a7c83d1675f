/** The end of a tool's log, on one line. */
export function lastLines(log: string, count = 4): string {
  return log.trim().split('\n').slice(-count).join(' | ');
}
