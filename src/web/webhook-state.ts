// How the webhooks of one source stand, for the status and for whoever sets them up.
import type { WebhookState } from '../contract/webhook.ts';
import type { Figures } from '../sync/views/status.ts';
import type { Seen } from '../tables/coverage.ts';
import type { Deps } from './deps.ts';
import { webhookOf } from './webhooks.ts';

const dayMs = 86_400_000;

/** Null where the source does not push. `name`: a source, or the destination. */
export function webhookState(deps: Deps, figures: Figures, name: string): WebhookState | null {
  const webhook = webhookOf(deps, name);
  if (!webhook) return null;
  const kept = figures.inbox.find(({ source }) => source === name);
  const touches = figures.touches.find(({ source }) => source === name);
  const coverage = figures.coverage.get(name);
  const configured = webhook.authentication.length > 0;
  return {
    configured,
    missing: configured ? null : (webhook.missing ?? 'No authentication of requests is configured.'),
    waiting: kept?.waiting ?? 0,
    oldestWaitingAt: kept?.oldestAt ?? null,
    dead: kept?.dead ?? 0,
    toRead: touches?.records ?? 0,
    oldestToReadAt: touches?.oldestAt ?? null,
    coverage: coverage
      ? { share: coverage.share, webhook: seenBody(coverage.webhook), poll: seenBody(coverage.poll) }
      : null,
    subscription: subscriptionOf(figures, name),
    refusals: refusalsOf(deps, name),
  };
}

/**
 * The same for the status: null also where nobody has set webhooks up and nobody must, since what is pulled, and the
 * destination, need none.
 */
export function usedWebhookState(deps: Deps, figures: Figures, name: string): WebhookState | null {
  const state = webhookState(deps, figures, name);
  const onlyPushes = deps.tributary.rules.source(name)?.canPull === false;
  return state && (state.configured || onlyPushes) ? state : null;
}

function seenBody({ changes, p50Ms, p99Ms }: Seen) {
  const seconds = (ms: number | null) => (ms === null ? null : ms / 1000);
  return { changes, p50Seconds: seconds(p50Ms), p99Seconds: seconds(p99Ms) };
}

function subscriptionOf({ subscriptions }: Figures, name: string): WebhookState['subscription'] {
  const kept = subscriptions.find(({ source }) => source === name);
  return kept ? { expiresAt: kept.expiresAt, fault: kept.fault } : null;
}

function refusalsOf({ refusals, tributary }: Deps, name: string): WebhookState['refusals'] {
  const since = tributary.clock.now() - dayMs;
  return refusals
    .list()
    .filter(({ source, lastAt }) => source === name && lastAt >= since)
    .map(({ status, reason, count, lastAt }) => ({ status, reason, count, lastAt: lastAt }));
}
