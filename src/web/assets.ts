// The few files that the page needs, read once and served from memory under a name that changes with their content.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Context } from 'hono';
import { home } from '../home.ts';

const types = {
  'admin.css': 'text/css; charset=utf-8',
  'admin.js': 'text/javascript; charset=utf-8',
  'docs.css': 'text/css; charset=utf-8',
  'mark.svg': 'image/svg+xml',
} as const;

type Name = keyof typeof types;

const files = new Map(
  (Object.keys(types) as Name[]).map((name) => {
    const content = readFileSync(new URL(`src/web/assets/${name}`, home), 'utf8');
    return [
      name as string,
      {
        content,
        type: types[name],
        hash: createHash('sha256').update(content).digest('base64url').slice(0, 16),
      },
    ];
  }),
);

export function assetUrl(name: Name): string {
  return `/assets/${name}?v=${files.get(name)!.hash}`;
}

/** The file, or null where there is none of this name. */
export function asset(c: Context, name: string): Response | null {
  const file = files.get(name);
  if (!file) return null;
  const etag = `"${file.hash}"`;
  const forEver = c.req.query('v') === file.hash;
  const headers = {
    etag,
    'content-type': file.type,
    'cache-control': forEver ? 'public, max-age=31536000, immutable' : 'no-cache',
  };
  return c.req.header('if-none-match') === etag
    ? c.body(null, 304, headers)
    : c.body(file.content, 200, headers);
}
