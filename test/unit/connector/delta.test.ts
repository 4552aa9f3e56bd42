// Changes by a link that ends, and by their time where there is none. The connector of Dynamics 365 tests the rest.
import { describe, expect, test } from 'vitest';
import { type Context, type Json, RejectedError, type SourceRecord } from '#connector';
import { pullsByDelta, type TrackedPage } from '#connector/delta';

const start = 1_800_000_000_000;
const dayMs = 86_400_000;

/** A vendor with one person, who changes at `start`. */
class Vendor {
  now = start + 3_600_000;
  refusesTracking = false;
  hasEnded = false;
  readonly asked: string[] = [];
  cursor: Json | null = null;
  readonly #person: SourceRecord = { recordId: '1', changedAt: start, body: {} };

  readonly #pulls = pullsByDelta<object, { select: string }>({
    what: 'people',
    pageSize: 10,
    settleLagSeconds: 300,
    isTracked: () => true,
    lastsMs: () => 7 * dayMs,
    columns: async (_, properties) => ({ select: properties.join(',') }),
    all: async (_, { tracked }) => {
      this.asked.push(tracked ? 'tracked' : 'all');
      if (!tracked) return this.#page();
      if (this.refusesTracking) throw new RejectedError('No', { code: 'no', status: 400 });
      return { ...this.#page(), delta: '/delta/1' };
    },
    changes: async () => {
      this.asked.push('changes');
      return this.#page();
    },
    since: async (_, { page }) => {
      this.asked.push(page);
      if (this.hasEnded) throw new RejectedError('It has ended', { code: 'gone', status: 410 });
      return { records: [], next: undefined, delta: '/delta/2' };
    },
  });

  #page(): TrackedPage {
    return { records: [this.#person], next: undefined };
  }

  async pull(properties: readonly string[] = ['name']) {
    const { now, cursor } = this;
    const context = { settings: {}, now } as Context<object>;
    const page = await this.#pulls.pull(context, { cursor, until: now, properties });
    this.cursor = page.cursor;
    return page;
  }

  async pullTimes(times: number): Promise<void> {
    for (let turn = 0; turn < times; turn += 1) await this.pull();
  }
}

describe('after all records', () => {
  test('what changed meanwhile is read by its time once, and then by the link alone', async () => {
    const vendor = new Vendor();
    await vendor.pullTimes(5);
    expect(vendor.asked).toEqual(['tracked', 'changes', '/delta/1', '/delta/2', '/delta/2']);
  });

  test('changes are read by their time for good where tracking is refused', async () => {
    const vendor = new Vendor();
    vendor.refusesTracking = true;
    await vendor.pullTimes(3);
    expect(vendor.asked).toEqual(['tracked', 'all', 'changes', 'changes']);
  });
});

describe('a link', () => {
  test.each([
    ['that has ended', (vendor: Vendor) => Object.assign(vendor, { hasEnded: true }), ['name'], '/delta/2'],
    [
      'that is too old',
      (vendor: Vendor) => Object.assign(vendor, { now: vendor.now + 7 * dayMs }),
      ['name'],
      undefined,
    ],
    ['of other columns', () => {}, ['name', 'email'], undefined],
  ])(
    '%s leads to a full reading, behind which deletions are looked for',
    async (_, end, properties, last) => {
      const vendor = new Vendor();
      await vendor.pullTimes(4);
      vendor.asked.length = 0;
      end(vendor);
      expect(await vendor.pull(properties)).toMatchObject({ records: [], done: false });
      expect(vendor.asked).toEqual(last === undefined ? [] : [last]);
      expect(await vendor.pull(properties)).toMatchObject({ whole: { begins: true }, done: false });
      expect(await vendor.pull(properties)).toMatchObject({
        whole: { begins: false },
        records: [],
        done: true,
      });
    },
  );
});
