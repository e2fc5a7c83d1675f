/** How the process ends; scripts rely on it. */
export const exitCodes = { good: 0, failed: 1, wrongUse: 2, unreachable: 3, unknown: 4 } as const;

export type Ending = Exclude<keyof typeof exitCodes, 'good'>;

/** What went wrong in the message, what can be done in the hint. Holds no token. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly ending: Ending;
  readonly hint: string | undefined;
  /** It may be otherwise in a moment. */
  readonly isPassing: boolean;
  /** What was asked for may have been done all the same. */
  readonly isUncertain: boolean;

  constructor(
    ending: Ending,
    message: string,
    more: { hint?: string | undefined; isPassing?: boolean; isUncertain?: boolean; cause?: unknown } = {},
  ) {
    super(message, { cause: more.cause });
    this.ending = ending;
    this.hint = more.hint;
    this.isPassing = more.isPassing ?? false;
    this.isUncertain = more.isUncertain ?? false;
  }
}
