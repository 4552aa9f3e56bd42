// What the documentation consists of, as its own first page lists it: the navigation beside each page says the same.
import { existsSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { home } from '../home.ts';

export interface DocsGroup {
  name: string;
  pages: { label: string; path: string }[];
}

export const docsFolder = fileURLToPath(new URL('docs/', home));

/** The address on this server of a file in `docs`. */
export function docsPath(file: string): string {
  return posix.join('/docs', file.replace(/(^|\/)README\.md$/, '').replace(/\.md$/, '')).replace(/\/$/, '');
}

function readIndex(): DocsGroup[] {
  const file = `${docsFolder}README.md`;
  if (!existsSync(file)) return [];
  const [, ...groups] = readFileSync(file, 'utf8').split(/^## /m);
  return groups.map((text) => ({
    name: text.slice(0, text.indexOf('\n')),
    // What lies elsewhere in the repository is not served.
    pages: [...text.matchAll(/^- \[([^\]]+)\]\(((?!\.\.)[^)]+)\)/gm)].flatMap(([, label = '', to = '']) => [
      { label, path: docsPath(to) },
      ...(to === 'api.md' ? [{ label: 'API reference', path: '/docs/reference' }] : []),
    ]),
  }));
}

export const docsIndex: readonly DocsGroup[] = readIndex();

/** The addresses in the navigation. */
export const docsAddresses: readonly string[] = [
  '/docs',
  ...docsIndex.flatMap(({ pages }) => pages.map(({ path }) => path)),
];
