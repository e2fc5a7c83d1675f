import { TidemarkError } from '#domain/errors.ts';

/** What the driver's errors mean. */

const UNIQUE_VIOLATION = '23505';
/** Too many connections, shut down by an administrator, crashed, starting up: https://www.postgresql.org/docs/current/errcodes-appendix.html */
const downStates = ['53300', '57P01', '57P02', '57P03'];
const downCodes = ['ECONNREFUSED', 'ECONNRESET', 'ENOENT', 'ENOTFOUND', 'EAI_AGAIN', 'ETIMEDOUT', 'EHOSTUNREACH', 'EPIPE'];
/** The driver gives these no code. */
const downMessages = /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error)/;

/** Throws `already-exists` with the message where the query met a row that is unique. */
export async function refuseTaken<T>(message: string, query: Promise<T>): Promise<T> {
  try {
    return await query;
  } catch (error) {
    if (codeOf(error) !== UNIQUE_VIOLATION) throw error;
    throw new TidemarkError('already-exists', message, { cause: error });
  }
}

/** The catalogue cannot be reached or does not take work: it may soon. */
export function isCatalogueDown(error: unknown): boolean {
  const code = codeOf(error);
  if (code !== undefined) return code.startsWith('08') || downStates.includes(code) || downCodes.includes(code);
  return error instanceof Error && downMessages.test(error.message);
}

function codeOf(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : undefined;
}
