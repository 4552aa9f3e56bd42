// Requests of the inbox opened again, as many at a time as one transaction should hold. It does not know why, nor what
// they say.
import type { ReplayResult } from '../../contract/inbox.ts';
import type { Database } from '../../db/database.ts';
import { failureLevel } from '../../engine/log/expected.ts';
import type { Log } from '../../engine/log/log.ts';
import { type InboxFilter, type ItemCounts, requestsAfter } from '../../tables/inbox.ts';
import type { Opener } from './open.ts';

const maxTogether = 100;

export interface ReplayDeps {
  database: Database;
  log: Log;
  opener: Opener;
}

export interface Replayed {
  id: number;
  source: string;
  result: ReplayResult;
  counts: ItemCounts | null;
  error: string | null;
}

export interface Replaying {
  results: Replayed[];
  /** IDs of requests whose source takes no webhooks any more. */
  withoutWebhook: number[];
}

/** Opens these requests again. `dryRun`: what would become of them is found out and taken back. */
export async function replayRequests(
  deps: ReplayDeps,
  requests: readonly { id: number; source: string }[],
  { dryRun }: { dryRun: boolean },
): Promise<Replaying> {
  const all: Replaying = { results: [], withoutWebhook: [] };
  for (const [source, group] of Map.groupBy(requests, (request) => request.source)) {
    const ids = group.map(({ id }) => id);
    for (let from = 0; from < ids.length; from += maxTogether) {
      const some = ids.slice(from, from + maxTogether);
      const results = await together(deps, source, some, dryRun);
      const known = new Set(results.map(({ id }) => id));
      all.results.push(...results);
      all.withoutWebhook.push(...some.filter((id) => !known.has(id)));
    }
  }
  return all;
}

/** One that cannot be opened at all must not keep those beside it. */
async function together(
  deps: ReplayDeps,
  source: string,
  ids: readonly number[],
  dryRun: boolean,
): Promise<Replayed[]> {
  try {
    const results = await deps.opener.replay(source, ids, { dryRun });
    return results.map((one) => ({ ...one, source, result: resultOf(one.counts) }));
  } catch (error) {
    if (ids.length > 1) {
      const results: Replayed[] = [];
      for (const id of ids) results.push(...(await together(deps, source, [id], dryRun)));
      return results;
    }
    deps.log[failureLevel(error)](
      { err: error, source, request: ids[0] },
      'a kept request could not be opened again',
    );
    const reason = 'it could not be opened, and is as it was: the log has the error';
    return ids.map((id) => ({ id, source, result: 'failed', counts: null, error: reason }));
  }
}

function resultOf(counts: ItemCounts | null): ReplayResult {
  if (counts === null) return 'dead';
  return counts.unreadable > 0 ? 'rejected' : 'opened';
}

/**
 * Opens again those that fit, the oldest first, after the ID `after`, at most about `most` of them. `next`: where to go
 * on, or null where none is left. What has come since it was asked for is left out by `filter.to`.
 */
export async function replayFitting(
  deps: ReplayDeps,
  filter: InboxFilter,
  { dryRun, after, most }: { dryRun: boolean; after: number; most: number },
): Promise<Replaying & { next: number | null }> {
  const found = await requestsAfter(deps.database, filter, { after, limit: most + 1 });
  const some = found.slice(0, most);
  const replayed = await replayRequests(deps, some, { dryRun });
  return { ...replayed, next: found.length > most ? some.at(-1)!.id : null };
}
