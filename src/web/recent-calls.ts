// The last calls of this process to one vendor, as the API and the pages show them.
import type { Calls } from '../contract/call.ts';
import { destinationName } from '../tables/pauses.ts';
import { type Deps, sourceNamed } from './deps.ts';

/** `of`: a source or the destination; none where it has no API. Throws the problem where there is no such source. */
export function recentCalls(deps: Deps, { of, onlyFailed }: { of: string; onlyFailed: boolean }): Calls {
  const { tributary } = deps;
  if (of !== destinationName) sourceNamed(deps, of);
  const endpoint = tributary.endpoints.get(of);
  return {
    worker: { host: tributary.host, pid: process.pid },
    calls: endpoint?.recentCalls.list(tributary.clock.now(), { onlyFailed }) ?? [],
  };
}
