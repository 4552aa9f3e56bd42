// What an account's quotas leave.
import { html } from 'hono/html';
import type { Budget } from '../../contract/status.ts';
import { number, percent } from '../../words.ts';
import { window } from './format.ts';
import { type Html, moment } from './parts.ts';

export function budgets(list: readonly Budget[], now: number): Html | '' {
  if (list.length === 0) return '';
  return html`<ul class="budgets" data-key="budgets">${list.map(
    ({ quota, limit, seconds, used, exhaustedUntil, learnedShare }) => html`<li data-key="${quota}">
<span>${quota} budget</span><span class="figure">${number(used)}<small> of ${number(limit)} ${window(seconds)}</small></span>
<meter min="0" max="${limit}" high="${limit * 0.9}" value="${Math.min(used, limit)}" aria-label="Calls used of the ${quota} budget">${used} of ${limit}</meter>
${learnedShare < 0.995 ? html`<p class="hint">${percent(learnedShare)} of it is used: the vendor refused calls. It grows back.</p>` : ''}
${exhaustedUntil && exhaustedUntil > now ? html`<p class="hint bad-text">The vendor allows no call until ${moment(exhaustedUntil, now)}</p>` : ''}</li>`,
  )}</ul>`;
}
