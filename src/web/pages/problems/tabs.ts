// The tabs of the page of problems. What is known without counting stands beside its name.
import { html } from 'hono/html';
import type { Status } from '../../../contract/status.ts';
import { head, tabs } from '../lists.ts';
import type { Html } from '../parts.ts';
import { problemsOf } from '../shell.ts';

export type Show = 'letters' | 'holds' | 'quarantine' | 'drift' | 'refused';

export interface Refused {
  source: string;
  reason: string;
  status: number;
  count: number;
  lastAt: number;
}

/** Webhooks that were refused at the door, by source and reason. */
export function refusedOf({ sources, destination }: Status): Refused[] {
  return [
    ...sources.map(({ name, webhook }) => ({ name, webhook })),
    { name: 'destination', webhook: destination.webhook },
  ].flatMap(({ name, webhook }) =>
    (webhook?.refusals ?? []).map((refusal) => ({ source: name, ...refusal })),
  );
}

export function problemTabs(status: Status, show: Show | null): Html {
  const { deadLetters, holds, quarantined, drifts } = status;
  const strays = status.strayWebhooks?.count ?? 0;
  const list: readonly [Show | null, string, number][] = [
    [null, 'All', problemsOf(status)],
    ['letters', 'Dead letters', deadLetters.open],
    ['holds', 'Held', holds.open],
    ['quarantine', 'Left out', quarantined],
    ['drift', 'Drift', drifts.reduce((sum, { count }) => sum + count, 0)],
    ['refused', 'Refused webhooks', refusedOf(status).reduce((sum, { count }) => sum + count, strays)],
  ];
  return html`${head('Problems', { sub: 'What needs a person, by cause: the message of the vendor, what it means, and the next step.' })}${tabs(
    'Kinds of problems',
    list.map(([key, name, count]) => ({
      name,
      href: key === null ? '/problems' : `/problems?show=${key}`,
      isCurrent: key === show,
      count,
    })),
  )}`;
}
