// The documentation against the tree: links lead somewhere, pages keep their form.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { connectors } from '../connectors/index.ts';
import { placesNow, placesPage } from '../scripts/places.ts';
import { commands } from '../src/cli/commands.ts';
import { problemStates } from '../src/contract/status.ts';

const root = resolve(import.meta.dirname, '..');
const text = (path: string) => readFileSync(join(root, path), 'utf8');
const namesIn = (folder: string) => readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' });

/** What a bench installs. */
const isOurs = (page: string) => !page.startsWith('bench/.work/');

const pages = [
  ...readdirSync(root).filter((name) => name.endsWith('.md')),
  ...['docs', 'connectors', 'bench'].flatMap((folder) =>
    namesIn(folder)
      .filter((name) => name.endsWith('.md'))
      .map((name) => join(folder, name))
      .filter(isOurs),
  ),
];

/** The anchors of a page, as GitHub makes them of its headings. */
function anchorsOf(page: string): string[] {
  return [...text(page).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

function brokenLinks(page: string): string[] {
  const links = [...text(page).matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)/g)];
  return links.flatMap(([link, path = '', anchor]) => {
    const target = path === '' ? page : relative(root, resolve(root, dirname(page), path));
    // A line of a source has its own test below.
    const isHeading = anchor !== undefined && target.endsWith('.md');
    const leads = existsSync(join(root, target)) && (!isHeading || anchorsOf(target).includes(anchor));
    return leads ? [] : [`${page}: ${link}`];
  });
}

describe('The documentation', () => {
  it('has links that lead somewhere', () => {
    expect(pages.length).toBeGreaterThan(40);
    expect(pages.flatMap(brokenLinks)).toEqual([]);
  });

  it('says what the source proof costs at each vendor that has an inventory', () => {
    const table = text('docs/source-proof.md');
    const costs = connectors.flatMap(({ name, source }) => {
      const { inventory } = source?.streams.find((stream) => stream.inventory) ?? {};
      return inventory ? [{ name, pageSize: inventory.pageSize }] : [];
    });
    expect(costs.length).toBeGreaterThan(3);
    for (const { name, pageSize } of costs)
      expect(table).toMatch(new RegExp(`^\\| ${name} \\| inventory: .* \\| ${pageSize} \\|$`, 'm'));
  });

  it('names files and folders that exist', () => {
    const current = pages.filter((page) => page !== 'CHANGELOG.md' && !page.startsWith('bench/'));
    const named = current.flatMap((page) =>
      [
        ...text(page).matchAll(/`((?:src|connectors|simulators|scripts|test|docs|bin|drizzle)\/[\w./-]*)`/g),
      ].map(([, path = '']) => ({ page, path })),
    );
    expect(named.length).toBeGreaterThan(20);
    // The guides add a vendor called Acme, a migration, a command and a page.
    const real = named.filter(
      ({ path }) => !/acme|pin_authors|src\/(cli|web\/admin|web\/pages)\/pins/.test(path),
    );
    expect(real.filter(({ path }) => !existsSync(join(root, path)))).toEqual([]);
  });

  it('has every command in its tables, and every earlier name', () => {
    const page = text('docs/commands.md');
    const rows = page.split('\n').filter((line) => line.startsWith('| `'));
    expect(commands.length).toBeGreaterThan(40);
    const isIn = (name: string, lines: string) => new RegExp(`\`${name}[\` ]`).test(lines);
    expect(commands.filter(({ path }) => !isIn(path, rows.join('\n'))).map(({ path }) => path)).toEqual([]);
    expect(commands.filter(({ alias }) => alias && !isIn(alias, page)).map(({ alias }) => alias)).toEqual([]);
  });

  it('says in the runbook what to do about each problem, with commands that exist', () => {
    const page = text('docs/runbook.md');
    for (const state of problemStates) expect(page).toContain(`### \`${state}\``);
    const known = commands.map(({ path }) => path);
    for (const [, named = ''] of page.matchAll(/`tributary ([a-z -]+)/g)) {
      const words = named.trim().split(' ');
      const isKnown = known.some((path) => path === words[0] || path === words.slice(0, 2).join(' '));
      expect(isKnown, `tributary ${named}`).toBe(true);
    }
  });

  it('is reached from its index', () => {
    const index = text('docs/README.md');
    const first = readdirSync(join(root, 'docs')).filter(
      (name) => name.endsWith('.md') && name !== 'README.md',
    );
    expect(first.filter((name) => !index.includes(`(${name})`))).toEqual([]);
  });

  it('has a README of a hundred lines at most that begins with the two commands', () => {
    const lines = text('README.md').trimEnd().split('\n');
    expect(lines.length).toBeLessThanOrEqual(100);
    const [first = ''] = text('README.md').split('\n## ');
    expect(first).toMatch(/^```sh\nnpm start .*\nnpm test /m);
  });

  it('has pictures below 200 kB', () => {
    const pictures = namesIn('docs/pictures');
    expect(pictures.length).toBeGreaterThanOrEqual(2);
    for (const name of pictures)
      expect(statSync(join(root, 'docs/pictures', name)).size, name).toBeLessThan(200_000);
  });
});

describe('The decisions', () => {
  const records = readdirSync(join(root, 'docs/decisions'))
    .filter((name) => /^\d{4}-/.test(name))
    .sort();

  it('are numbered one after another', () => {
    expect(records.map((name) => Number(name.slice(0, 4)))).toEqual(records.map((_, index) => index + 1));
  });

  it.each(records)('%s has a title, the four parts and a line in the index', (name) => {
    const record = text(join('docs/decisions', name));
    const [, title = ''] = /^# \d+\. (.+)\n/.exec(record) ?? [];
    const headings = [...record.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading);
    expect(headings).toEqual(['Context', 'Decision', 'Consequences', 'Alternatives']);
    expect(text('docs/decisions/README.md')).toContain(`- [${name.slice(0, 4)}](${name}) ${title}\n`);
  });
});

describe('The five places that people look for', () => {
  const page = readFileSync(placesPage, 'utf8');

  it('are five', () => {
    const [, table = ''] = page.split('## Where is it?');
    expect(table.match(/^\| .+ \| \[`.+:\d+`\]\(.+#L\d+\) \| `.+` \|$/gm)).toHaveLength(5);
  });

  it('are where the page says, or `npm run places` says where', () => {
    expect(page).toBe(placesNow(page));
  });

  it('are missed where a line no longer says what is quoted', () => {
    const moved = page.replace('`export const minShares`', '`export const shares`');
    expect(() => placesNow(moved)).toThrow(/lanes\.ts holds "export const shares" 0 times/);
  });
});
