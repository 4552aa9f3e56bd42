// What a command says when it cannot do what was asked, and the exit code that goes with it. It knows no command.

/** Well; tried and failed; wrong usage or configuration: the same command will not do, however often it is repeated. */
export const exitCodes = { well: 0, failed: 1, wrong: 2 } as const;

/** A preview, dry run or verification found differences. */
export const differs = 3;

/** Nobody is known by what was named. */
export const nobodyKnown = 4;

/** An end that was to be expected. Its message is one or two sentences: what, where, what to do. */
export class CommandError extends Error {
  override name = 'CommandError';
  readonly exitCode: number;
  constructor(message: string, exitCode: number = exitCodes.failed, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

/** What was typed or configured cannot be meant. */
export class UsageError extends CommandError {
  override name = 'UsageError';
  constructor(message: string, options?: ErrorOptions) {
    super(message, exitCodes.wrong, options);
  }
}

const named = new Set(['TransientError', 'RejectedError', 'UnauthorizedError']);

/** An error of a vendor as a sentence. */
export function sentenceOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return named.has(error.name) ? error.message : `${error.message} (unexpected: please report it)`;
}
