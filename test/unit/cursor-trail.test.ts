// Whether a reading gets on, told by its pages alone.
import { describe, expect, it } from 'vitest';
import type { Json } from '../../src/connector.ts';
import { CursorTrail } from '../../src/sync/intake/cursor-trail.ts';

type PageOf = (page: number) => { ids: string[]; cursor: Json };

/** The page at which the trail ends the reading, or null where it lets so many go. */
function endOf(pageOf: PageOf, most: number): number | null {
  const trail = new CursorTrail('the people of given', null);
  for (let page = 1; page <= most; page += 1) {
    const { ids, cursor } = pageOf(page);
    try {
      trail.follow({ records: ids.map((recordId) => ({ recordId, changedAt: 1 })), cursor, done: false });
    } catch (error) {
      expect((error as Error).message).toContain('the people of given never end');
      return page;
    }
  }
  return null;
}

describe('pages that never end', () => {
  it.each<[string, PageOf, number]>([
    ['one cursor again and again', () => ({ ids: [], cursor: 'again' }), 3],
    ['a round of 40 cursors behind 30 others', (page) => round(page), 200],
    ['ever new cursors to the same records', (page) => ({ ids: ['a', 'b'], cursor: page }), 20],
    ['ever new cursors to two pages in turn', (page) => ({ ids: [page % 2 ? 'a' : 'b'], cursor: page }), 40],
    ['ever new cursors to seven pages in turn', (page) => ({ ids: [`p${page % 7}`], cursor: page }), 300],
    ['ever new cursors to nothing', (page) => ({ ids: [], cursor: page }), 100_000],
  ])('%s are noticed', (_what, pageOf, most) => {
    expect(endOf(pageOf, most)).not.toBeNull();
  });

  it.each<[string, PageOf]>([
    ['new records', (page) => ({ ids: [`p${page}`], cursor: page })],
    ['nothing new among thousands of deletions', (page) => ({ ids: [], cursor: page })],
    ['a record given twice by neighbouring pages', (page) => ({ ids: [`p${page >> 1}`], cursor: page })],
  ])('%s get on', (_what, pageOf) => {
    expect(endOf(pageOf, 20_000)).toBeNull();
  });
});

function round(page: number): { ids: string[]; cursor: Json } {
  return { ids: [`p${page}`], cursor: page <= 30 ? page : `round ${page % 40}` };
}
