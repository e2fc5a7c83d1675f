/** How the process ends; scripts rely on it. */
export const exitCodes = { good: 0, failed: 1, wrongUse: 2, unreachable: 3 } as const;

export type Ending = Exclude<keyof typeof exitCodes, 'good'>;

/** What went wrong in the message, what can be done in the hint. Holds no token. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly ending: Ending;
  readonly hint: string | undefined;
  /** It may be otherwise in a moment. */
  readonly isPassing: boolean;

  constructor(ending: Ending, message: string, more: { hint?: string | undefined; isPassing?: boolean; cause?: unknown } = {}) {
    super(message, { cause: more.cause });
    this.ending = ending;
    this.hint = more.hint;
    this.isPassing = more.isPassing ?? false;
  }
}
