// The frame of every page.
import { html } from 'hono/html';
import type { Role } from '../../contract/access.ts';
import { assetUrl } from '../assets.ts';
import type { Html } from './parts.ts';

/** `role`: the role of the visitor. The style sheet hides from a viewer the buttons that only other roles may use. */
export function page(title: string, body: Html, role?: Role): Html {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>${title}</title>
<link rel="icon" href="${assetUrl('mark.svg')}" type="image/svg+xml">
<link rel="stylesheet" href="${assetUrl('status.css')}">
<script src="${assetUrl('status.js')}" defer></script>
</head>
<body${role ? html` data-role="${role}"` : ''}>${body}</body>
</html>`;
}

/** Three streams into one. */
export const mark = html`<svg class="mark" viewBox="0 0 32 32" aria-hidden="true"><path d="M5 5c0 9 11 6 11 15v8M27 5c0 9-11 6-11 15M16 3v9"></path></svg>`;
