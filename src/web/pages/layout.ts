// The frame of every page.
import { html } from 'hono/html';
import type { Role } from '../../contract/access.ts';
import { assetUrl } from '../assets.ts';
import type { Html } from './parts.ts';

/**
 * `role`: that of the visitor; the style sheet hides buttons that only other roles may use. `everySeconds`: how often the
 * script asks for the page where it is not sent. `now`: the time of the server, epoch milliseconds.
 */
export function page(
  title: string,
  body: Html,
  { role, everySeconds = null, now }: { role?: Role; everySeconds?: number | null; now?: number } = {},
): Html {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>${title}</title>
<link rel="icon" href="${assetUrl('mark.svg')}" type="image/svg+xml">
<link rel="stylesheet" href="${assetUrl('admin.css')}">
<script src="${assetUrl('admin.js')}" defer></script>
</head>
<body${role ? html` data-role="${role}"` : ''}${everySeconds === null ? '' : html` data-every="${everySeconds}"`}${now === undefined ? '' : html` data-now="${now}"`}>${body}</body>
</html>`;
}

/** Three streams into one. */
export const mark = html`<svg class="mark" viewBox="0 0 32 32" aria-hidden="true"><path d="M5 5c0 9 11 6 11 15v8M27 5c0 9-11 6-11 15M16 3v9"></path></svg>`;
