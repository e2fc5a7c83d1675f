import { TidemarkError } from '#domain/errors.ts';

const TAIL_LINES = 20;
const TAIL_CHARACTERS = 8_000;

/** What a command that exited other than 0 means; `output` is what it said, of which the last lines are told. */
export function commandFailure(what: string, exitCode: number, output: string): TidemarkError {
  return new TidemarkError(codeOf(output), `${what}: exit code ${exitCode}${lastWords(output)}`);
}

/** The second is the shell's own word of a command that is not there. */
function codeOf(output: string): 'disk-full' | 'tool-missing' | 'host-command-failed' {
  if (output.includes('No space left on device')) return 'disk-full';
  return /: line \d+: \S+: command not found$/m.test(output) ? 'tool-missing' : 'host-command-failed';
}

/** ": " and the last lines, or nothing when there are none. A stranger's host may say anything, and no catalogue keeps a NUL. */
export function lastWords(output: string): string {
  const tail = output
    .slice(-TAIL_LINES * TAIL_CHARACTERS)
    .replaceAll('\0', '')
    .trimEnd();
  const lines = tail.split('\n').slice(-TAIL_LINES).join('\n').slice(-TAIL_CHARACTERS);
  return lines === '' ? '' : `: ${lines}`;
}

/** What ssh2 reports while it connects. It marks the stage that failed by `level`. */
export function connectFailure(where: string, user: string, error: Error & { level?: string; code?: string | number }): TidemarkError {
  if (error.level === 'client-authentication') {
    return new TidemarkError('host-login-refused', `${where} refused the login of ${user} with the public key`, { cause: error });
  }
  return new TidemarkError('host-unreachable', `${where} cannot be reached: ${causeOf(error)}`, { cause: error });
}

/**
 * Several addresses that refuse at once are an AggregateError, which has a code but no message. A number is the reason of an SSH
 * disconnect (RFC 4250, 4.2.2), whose text is whatever a stranger's server likes to say.
 */
export function causeOf(error: Error & { code?: string | number }): string {
  if (typeof error.code === 'number') return `it ended the connection with SSH reason ${error.code}`;
  return error.message || error.code || error.name;
}
