// Cursors that earlier versions have stored, and how the present ones compare: test/fixtures/cursors.json has one of each shape.
import { readFileSync } from 'node:fs';
import type { Json } from '#connector';

export interface KeptCursor {
  reader: 'pull' | 'tombstones';
  cursor: Json;
}

const kept: { [connector: string]: KeptCursor[] } = JSON.parse(
  readFileSync(new URL('../fixtures/cursors.json', import.meta.url), 'utf8'),
);

/** Null for a connector that was never released. `name`: of its tests. */
export function keptCursors(name: string): KeptCursor[] | null {
  return kept[name.replace(/ on .*/, '')] ?? null;
}

/** The same for cursors that are read in the same way: the names and types of what they hold. */
export function shapeOf({ reader, cursor }: KeptCursor): string {
  return `${reader} ${JSON.stringify(shaped(cursor))}`;
}

function shaped(value: Json): Json {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'list';
  if (typeof value === 'object') {
    const names = Object.keys(value).sort();
    return Object.fromEntries(
      names.map((name) => [name, name === 'phase' ? value[name]! : shaped(value[name]!)]),
    );
  }
  return typeof value === 'string' && /^[{[]/.test(value) ? shaped(JSON.parse(value)) : typeof value;
}
