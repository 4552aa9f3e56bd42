// How the webhooks of one source stand, for the status and for whoever sets them up.
import { z } from '@hono/zod-openapi';
import type { Figures } from '../sync/views/status.ts';
import type { Seen } from '../tables/coverage.ts';
import { iso, orNull, time, timeOrNull } from './api/shapes.ts';
import type { Room } from './room.ts';
import { webhookOf } from './webhooks.ts';

const count = z.int().min(0);

const lag = z.number().min(0).nullable();

const dayMs = 86_400_000;

const seenShape = z
  .strictObject({
    changes: count,
    p50Seconds: lag.openapi({
      description: 'Half of the changes were known so long after they were made, to within a doubling.',
    }),
    p99Seconds: lag,
  })
  .openapi('Seen');

export const webhookStateShape = z
  .strictObject({
    configured: z
      .boolean()
      .openapi({ description: 'False: no request gets in, and `missing` says what to set.' }),
    missing: z.string().nullable(),
    waiting: count.openapi({ description: 'Requests that wait to be opened.' }),
    oldestWaitingAt: timeOrNull,
    dead: count.openapi({ description: 'Requests of which nothing could be read.' }),
    toRead: count.openapi({ description: 'Records that requests named and that wait to be read.' }),
    oldestToReadAt: timeOrNull,
    coverage: orNull(
      z
        .strictObject({
          share: z.number().min(0).max(1).nullable().openapi({
            description: 'Of all changes those that a webhook told of first; null where nothing changed.',
          }),
          webhook: seenShape,
          poll: seenShape,
        })
        .openapi('Coverage'),
    ).openapi({ description: 'How the changes of the last 24 hours became known.' }),
    refusals: z
      .array(z.strictObject({ status: z.int(), reason: z.string(), count, lastAt: time }).openapi('Refusal'))
      .openapi({
        description:
          'Requests refused at the door of this process in the last 24 hours, by reason, the latest first.',
      }),
  })
  .openapi('WebhookState');

export type WebhookState = z.infer<typeof webhookStateShape>;

/** Null where the source does not push. `name`: a source, or the destination. */
export function webhookState(room: Room, figures: Figures, name: string): WebhookState | null {
  const webhook = webhookOf(room, name);
  if (!webhook) return null;
  const kept = figures.inbox.find(({ source }) => source === name);
  const touches = figures.touches.find(({ source }) => source === name);
  const coverage = figures.coverage.get(name);
  const configured = webhook.authentication.length > 0;
  return {
    configured,
    missing: configured
      ? null
      : (webhook.missing ?? "Nothing says how a request shows that it is the vendor's."),
    waiting: kept?.waiting ?? 0,
    oldestWaitingAt: iso(kept?.oldestAt ?? null),
    dead: kept?.dead ?? 0,
    toRead: touches?.records ?? 0,
    oldestToReadAt: iso(touches?.oldestAt ?? null),
    coverage: coverage
      ? { share: coverage.share, webhook: seenBody(coverage.webhook), poll: seenBody(coverage.poll) }
      : null,
    refusals: refusalsOf(room, name),
  };
}

/**
 * The same for the status: null also where nobody has set webhooks up and nobody must, since what is pulled, and the
 * destination, need none.
 */
export function usedWebhookState(room: Room, figures: Figures, name: string): WebhookState | null {
  const state = webhookState(room, figures, name);
  const onlyPushes = room.tributary.rules.source(name)?.canPull === false;
  return state && (state.configured || onlyPushes) ? state : null;
}

function seenBody({ changes, p50Ms, p99Ms }: Seen) {
  const seconds = (ms: number | null) => (ms === null ? null : ms / 1000);
  return { changes, p50Seconds: seconds(p50Ms), p99Seconds: seconds(p99Ms) };
}

function refusalsOf({ refusals, tributary }: Room, name: string): WebhookState['refusals'] {
  const since = tributary.clock.now() - dayMs;
  return refusals
    .list()
    .filter(({ source, lastAt }) => source === name && lastAt >= since)
    .map(({ status, reason, count, lastAt }) => ({ status, reason, count, lastAt: iso(lastAt) }));
}
