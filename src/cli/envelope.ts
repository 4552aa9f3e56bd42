// What `--json` prints: the same five keys for every command.
import type { Answer } from './cli.ts';
import { exitCodes, type Failure } from './errors.ts';

export interface Envelope {
  /** As the help names it: `customers explain`. Empty where no command was recognised. */
  command: string;
  /** The exit code is 0. */
  ok: boolean;
  summary: string;
  result: unknown;
  /** Null where `ok`. */
  error: { code: string; message: string; [detail: string]: unknown } | null;
}

const codes: { readonly [exitCode: number]: string } = {
  [exitCodes.failed]: 'failed',
  [exitCodes.usage]: 'usage',
  [exitCodes.differs]: 'differs',
  [exitCodes.notFound]: 'not_found',
};

/** `failure`: null where the command ended without an error, whatever its exit code. */
export function envelopeOf(
  command: string,
  exitCode: number,
  answer: Answer | null,
  failure: Failure | null,
): Envelope {
  // What went wrong may have lines of its own: the first says what it is.
  const [firstLine] = failure?.message.split('\n') ?? [];
  const summary = answer?.summary ?? firstLine?.replace(/:$/, '.') ?? 'Done.';
  const code = codes[exitCode] ?? 'failed';
  const error = failure
    ? { code: failure.code, message: failure.message, ...failure.details }
    : { code, message: summary };
  const ok = exitCode === exitCodes.success;
  return { command, ok, summary, result: answer?.result ?? null, error: ok ? null : error };
}
