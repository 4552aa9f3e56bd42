// What a webhook or a journal says of a record by its ID, as a touch. The one place for both; it knows no rows.
import { type Change, RejectedError, type Touched } from '../../connector.ts';
import type { Touch } from '../../tables/touches.ts';
import { isAhead } from './clocks.ts';
import type { Source } from './source.ts';

/** The touch with a clock that can be believed, as in `asReceived`, to be read when the vendor shows what it told. `isAhead`: the clock could not. */
export function touchOf(
  source: Source,
  { stream, recordId, changedAt, gone }: Touched,
  receivedAt: number,
  latest = receivedAt,
): { touch: Touch & { waitMs: number }; isAhead: boolean } {
  const ahead = isAhead(changedAt, latest);
  const lagSeconds = source.stream(stream)?.read?.lagSeconds ?? 0;
  const touch = {
    stream,
    recordId,
    changedAt: ahead ? receivedAt : changedAt,
    gone: gone ?? null,
    waitMs: lagSeconds * 1000,
  };
  return { touch, isAhead: ahead };
}

/** Throws where the connector names a stream that it does not have. */
export function requireStream(source: Source, { stream }: Exclude<Change, { kind: 'ignored' }>): void {
  if (source.stream(stream)) return;
  throw new RejectedError(`${source.name} has no stream ${stream}.`, { code: 'no_stream' });
}
