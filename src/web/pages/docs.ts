// A page of the documentation: its text beside the list of all pages.
import { html, raw } from 'hono/html';
import { assetUrl } from '../assets.ts';
import { docsIndex, docsPath } from '../docs-index.ts';
import { mark, page } from './layout.ts';
import type { Html } from './parts.ts';

/** `body`: HTML made of our own files. */
export function docsPage({ title, file, body }: { title: string; file: string; body: string }): Html {
  return docsFrame(title, docsPath(file), raw(body));
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
<nav id="contents" aria-label="Documentation">${docsIndex.map(
      ({ name, pages }) =>
        html`<h2>${name}</h2><ul>${pages.map(
          ({ label, path: to }) =>
            html`<li><a href="${to}"${to === path ? html` aria-current="page"` : ''}>${label}</a></li>`,
        )}</ul>`,
    )}</nav>
</div>`,
  );
}
