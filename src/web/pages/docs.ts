// A page of the documentation: its text beside the list of all pages.
import { html, raw } from 'hono/html';
import { assetUrl } from '../assets.ts';
import { mark, page } from './layout.ts';
import type { Html } from './parts.ts';

const groups = [
  {
    name: 'Begin',
    pages: [
      ['Documentation', '/docs'],
      ['Configuration', '/docs/configuration'],
      ['Connectors', '/docs/connectors'],
      ['Commands', '/docs/commands'],
      ['Pages', '/docs/pages'],
    ],
  },
  {
    name: 'How it works',
    pages: [
      ['Words', '/docs/words'],
      ['Delivery', '/docs/delivery'],
      ['Webhooks', '/docs/webhooks'],
      ['Write-back', '/docs/write-back'],
      ['Architecture', '/docs/architecture'],
      ['Decisions', '/docs/decisions'],
    ],
  },
  {
    name: 'Operate',
    pages: [
      ['Deploy', '/docs/deploy'],
      ['Operations', '/docs/operations'],
      ['Runbook', '/docs/runbook'],
      ['Faults', '/docs/faults'],
      ['Alarms', '/docs/alarms'],
      ['Metrics', '/docs/metrics'],
      ['Access', '/docs/access'],
      ['Signing in', '/docs/auth'],
    ],
  },
  {
    name: 'Build on it',
    pages: [
      ['API', '/docs/api'],
      ['API reference', '/docs/reference'],
      ['Agents', '/docs/agents'],
      ['Contributing', '/docs/contributing'],
    ],
  },
] as const;

/** The addresses in the navigation. */
export const docsAddresses: readonly string[] = groups.flatMap(({ pages }) => pages.map(([, path]) => path));

/** `body`: HTML made of our own files. */
export function docsPage({ title, file, body }: { title: string; file: string; body: string }): Html {
  const path = `/docs/${file.replace(/(^|\/)README\.md$/, '').replace(/\.md$/, '')}`.replace(/\/$/, '');
  return docsFrame(title, path, raw(body));
}

/** `path`: the address that is marked in the navigation. */
export function docsFrame(title: string, path: string, body: Html): Html {
  return page(
    `${title} · Tributary`,
    html`<link rel="stylesheet" href="${assetUrl('docs.css')}">
<a class="skip" href="#main">Skip to the content</a>
<div class="docs">
<header><div class="brand"><a href="/">${mark} Tributary</a></div><a class="to-contents" href="#contents">Contents</a></header>
<main id="main" tabindex="-1"><article>${body}</article></main>
<nav id="contents" aria-label="Documentation">${groups.map(
      ({ name, pages }) =>
        html`<h2>${name}</h2><ul>${pages.map(
          ([label, to]) =>
            html`<li><a href="${to}"${to === path ? html` aria-current="page"` : ''}>${label}</a></li>`,
        )}</ul>`,
    )}</nav>
</div>`,
  );
}
