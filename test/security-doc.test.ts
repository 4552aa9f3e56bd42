// docs/security.md and docs/security-asvs.md against the tree: each threat names a test that exists, each requirement of ASVS stands
// once, and what is met names its evidence.
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { namesTest } from './support/test-titles.ts';

const root = resolve(import.meta.dirname, '..');
const text = (path: string) => readFileSync(join(root, path), 'utf8');
const rowsOf = (page: string) =>
  page.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| ---'));

describe('docs/security.md', () => {
  const [, threats = ''] = text('docs/security.md').split('\n## Threats\n');
  const rows = rowsOf(threats).filter((row) => !row.startsWith('| threat |'));

  it('has three cells for each threat: the last one names a test that exists', () => {
    expect(rows.length).toBeGreaterThan(50);
    const wrong = rows.filter((row) => {
      const cells = row.slice(2, -2).split(' | ');
      return cells.length !== 3 || !namesTest(cells[2]!);
    });
    expect(wrong).toEqual([]);
  });
});

describe('docs/security-asvs.md', () => {
  const rows = rowsOf(text('docs/security-asvs.md'))
    .map((row) => row.slice(2, -2).split(' | '))
    .filter(([id = '']) => /^\d/.test(id));
  /** `2.1.1–2.1.9`, `2.1.11, 2.1.12` and `2.1.10`, each requirement by itself. */
  const requirements = rows.flatMap(([ids = '']) =>
    ids.split(', ').flatMap((id) => {
      const [first = '', last = first] = id.split('–');
      const [chapter, section, from = 0] = first.split('.').map(Number);
      const to = Number(last.split('.').at(-1));
      return Array.from({ length: to - from + 1 }, (_, index) => `${chapter}.${section}.${from + index}`);
    }),
  );

  it('has each requirement once, in all fourteen chapters', () => {
    expect(requirements.length).toBeGreaterThan(200);
    expect(new Set(requirements).size).toBe(requirements.length);
    expect(new Set(requirements.map((id) => Number(id.split('.')[0])))).toEqual(
      new Set(Array.from({ length: 14 }, (_, index) => index + 1)),
    );
  });

  it('says of each whether it is met, and where what is met can be seen', () => {
    for (const row of rows) {
      const [ids, what = '', state = '', evidence = ''] = row;
      expect(row, ids).toHaveLength(4);
      expect(what.length, ids).toBeGreaterThan(10);
      expect(['met', 'partly', 'not met', 'not applicable', "operator's"], ids).toContain(state);
      const paths = [
        ...evidence.matchAll(
          /`((?:src|test|docs|connectors|drizzle|\.ci)\/[^`]+|[\w.-]+\.(?:md|yaml|json)|Dockerfile)`/g,
        ),
      ].map(([, path = '']) => path);
      if (state === 'met') expect(paths.length, `${ids} names no evidence`).toBeGreaterThan(0);
      expect(
        paths.filter((path) => !existsSync(join(root, path))),
        ids,
      ).toEqual([]);
      if (state !== 'met') expect(evidence.length, `${ids} gives no reason`).toBeGreaterThan(10);
    }
  });
});
