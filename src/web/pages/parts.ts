// Small pieces that several parts of the page are made of. Whatever comes in is escaped by the template.
import { html } from 'hono/html';
import type { Pause } from '../../contract/pause.ts';
import { iso, number } from '../../words.ts';
import { ago } from './format.ts';

export type Html = ReturnType<typeof html>;

/** A moment as a person says it, with the exact one on pointing at it. The script tells it again as time passes. */
export function moment(time: number, now: number): Html {
  return html`<time data-ago datetime="${iso(time)}" title="${iso(time)}">${ago(time, now)}</time>`;
}

export interface Share {
  name: string;
  count: number;
  /** good, wait, bad, quiet, note: the colour. */
  tone: 'good' | 'wait' | 'bad' | 'quiet' | 'note';
  /** Where those of this share are listed. */
  href?: string;
}

/** Shares of a whole as one bar; what is there is never too thin to be seen. */
export function stacked(label: string, shares: readonly Share[]): Html {
  const total = shares.reduce((sum, share) => sum + share.count, 0);
  const widths = shares.map(({ count }) => (count === 0 ? 0 : Math.max((count / total) * 1000, 8)));
  const scale = 1000 / (widths.reduce((sum, width) => sum + width, 0) || 1);
  let x = 0;
  const bars = shares.map(({ tone, name }, index) => {
    const width = (widths[index] ?? 0) * scale;
    const bar = html`<rect class="${tone}" data-key="${name}" x="${x.toFixed(1)}" y="0" width="${width.toFixed(1)}" height="10"></rect>`;
    x += width;
    return bar;
  });
  const said = shares.map(({ name, count }) => `${number(count)} ${name}`).join(', ');
  return html`<svg class="stack" role="img" aria-label="${label}: ${said}" viewBox="0 0 1000 10" preserveAspectRatio="none">${bars}</svg>`;
}

/** The same shares in words. */
export function legend(shares: readonly Share[]): Html {
  return html`<ul class="legend">${shares.map(({ name, count, tone, href }) => {
    const text = html`<span class="dot ${tone}"></span><b>${number(count)}</b> ${name}`;
    return html`<li data-key="${name}">${href ? html`<a href="${href}">${text}</a>` : text}</li>`;
  })}</ul>`;
}

interface Asking {
  body?: object;
  method?: 'POST' | 'PUT' | 'DELETE';
  /** Said once it is done. */
  done: string;
  kind?: string;
  /** What it is about, for those who do not see where the button stands. */
  about?: string;
  /** Asked first. */
  confirm?: string;
  /** The field of the request that says as of when the page was read: nobody acts on what came later and they have not seen. */
  asOf?: string;
}

/** A button that asks the API; the script sends it and says `done`, or the problem's own words. */
export function action(label: string, post: string, options: Asking): Html {
  const { body, method = 'POST', done, kind = '', about, confirm } = options;
  const text = body ? JSON.stringify(body) : '';
  return html`<button type="button" class="${kind}" data-key="${method}${post}${text}" data-post="${post}"${method === 'POST' ? '' : html` data-method="${method}"`} data-body="${text}" data-done="${done}"${confirm ? html` data-confirm="${confirm}"` : ''}>${label}${about ? html`<span class="unseen"> ${about}</span>` : ''}</button>`;
}

/** As `action`, but it opens a small form first. `fields`: those of the form, named as the API names them. */
export function ask(
  label: string,
  api: string,
  fields: Html,
  { button, ...options }: Asking & { button: string },
): Html {
  const { body, method = 'POST', done, kind = '', about, confirm, asOf } = options;
  const text = body ? JSON.stringify(body) : '';
  return html`<details class="ask ${kind}" data-key="ask ${method}${api}${text}"><summary>${label}${about ? html`<span class="unseen"> ${about}</span>` : ''}</summary>
<form data-api="${api}" data-method="${method}" data-body="${text}" data-done="${done}"${asOf ? html` data-as-of="${asOf}"` : ''}${confirm ? html` data-confirm="${confirm}"` : ''}>${fields}
<button type="submit" class="main">${button}</button></form></details>`;
}

export function chip(tone: Share['tone'], text: string): Html {
  return html`<span class="chip ${tone}">${text}</span>`;
}

/** Why something is paused, and when it is tried again without a person. */
export function pauseBanner({ pausedAt, reason, trialAt }: Pause, now: number): Html {
  const next = trialAt === null ? '' : html` The next trial is ${moment(trialAt, now)}.`;
  return html`<p class="banner wait" data-key="paused">Paused ${moment(pausedAt, now)}: ${reason}${next}</p>`;
}

export function pauseChip({ cause }: Pause): Html {
  const words = {
    unauthorized: 'credentials refused',
    refusals: 'customers rejected',
    project: 'another project',
    person: 'paused',
  };
  return chip('wait', words[cause]);
}
