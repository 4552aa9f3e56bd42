// What a person lets be: the form that asks for the reason, what was said, and the tabs of what is open and what is not.
import { html } from 'hono/html';
import type { Acknowledged, OpenOrAcknowledged } from '../../../contract/parts.ts';
import { address, tabs } from '../lists.ts';
import { ask, type Html, moment } from '../parts.ts';
import type { Show } from './tabs.ts';

/** A form that asks for the reason, which is kept. */
export function acknowledging(
  api: '/api/drifts/acknowledge' | '/api/quarantine/acknowledge',
  label: string,
  options: { body: object; about: string; kind?: string; confirm?: string; asOf?: string },
): Html {
  const what = api === '/api/drifts/acknowledge' ? 'the difference' : 'the value or its reason';
  return ask(
    label,
    api,
    html`<label>Reason<input name="reason" required maxlength="500" autocomplete="off"></label><p class="hint">It is open again when ${what} changes.</p>`,
    { ...options, done: 'Acknowledged', button: 'Acknowledge' },
  );
}

export function acknowledgement(said: Acknowledged | null, now: number): Html | '' {
  if (said === null) return '';
  return html`<p class="hint">Acknowledged by ${said.by} ${moment(said.at, now)}: ${said.reason}</p>`;
}

export function stateTabs(
  label: string,
  show: Show,
  state: OpenOrAcknowledged,
  counts: { [state in OpenOrAcknowledged]: number },
): Html {
  return tabs(label, [
    {
      name: 'Open',
      href: address('/problems', { show }),
      isCurrent: state === 'open',
      count: counts.open,
    },
    {
      name: 'Acknowledged',
      href: address('/problems', { show, state: 'acknowledged' }),
      isCurrent: state === 'acknowledged',
      count: counts.acknowledged,
    },
  ]);
}
