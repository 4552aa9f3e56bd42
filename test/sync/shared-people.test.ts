// The sample of a source ends, whatever the vendor does.
import { expect, it } from 'vitest';
import { z } from 'zod';
import { defineConnector, type Page } from '../../src/connector.ts';
import { usualBodyRules } from '../../src/engine/webhook/body.ts';
import { Source } from '../../src/sync/intake/source.ts';
import { type SampledSource, sharedPeople } from '../../src/sync/plan/shared-people.ts';
import { ManualClock } from '../support/manual-clock.ts';

const now = Date.parse('2026-03-01T12:00:00Z');

/** A source whose pages are given by their number, from 0. */
function sampled(name: string, pull: (page: number) => Promise<Page>): SampledSource {
  const connector = defineConnector({
    name: 'pages',
    settings: z.object({}),
    source: {
      streams: [{ name: 'people', pull: (_, { cursor }) => pull((cursor as number | null) ?? 0) }],
      mapping: { email: 'email' },
      sourceId: 'id',
    },
  });
  const source = new Source(
    {
      name,
      connector,
      settings: {},
      sourceId: { path: null, policy: 'sticky' },
      mapping: null,
      filter: null,
      extraProperties: [],
      badValues: null,
      schedule: null,
      timezone: 'UTC',
      webhook: { maxBodyBytes: null, requestsPerSecond: 1000, keepDays: 14, reading: usualBodyRules },
      privacyDeletions: 'delete',
    },
    { schema: null },
  );
  const api = { request: () => Promise.reject(new Error('no API')) };
  const files = {
    stat: () => Promise.reject(new Error('no file')),
    open: () => {
      throw new Error('no file');
    },
  };
  return { source, context: () => ({ settings: {}, api, files, now }) };
}

const person = (id: string, email: string) => ({ recordId: id, changedAt: now, body: { id, email } });

const options = (clock: ManualClock) => ({ clock, sentenceOf: (error: unknown) => (error as Error).message });

const hanging = () => new Promise<Page>(() => {});

it('uses what a source gave before it hung, and names one that gave nothing', async () => {
  const clock = new ManualClock(now);
  const found = sharedPeople(
    [
      sampled('crm', async (page) =>
        page > 0 ? hanging() : { records: [person('c1', 'ann@example.com')], cursor: 1, done: false },
      ),
      sampled('shop', async () => ({ records: [person('s1', 'ann@example.com')], cursor: 1, done: true })),
      sampled('silent', hanging),
    ],
    options(clock),
  );
  await clock.advance(60_000);
  const { sampled: samples, unread, pairs } = await found;
  expect(samples).toEqual([
    { source: 'crm', records: 1, unnamed: 0, whole: false },
    { source: 'shop', records: 1, unnamed: 0, whole: true },
  ]);
  expect(unread).toEqual([{ source: 'silent', reason: 'It did not give its first records within 60 s.' }]);
  expect(pairs.map(({ by }) => by[0]!.namedDifferently)).toEqual([1]);
});

it('ends where a vendor gives one empty page after another', async () => {
  let asked = 0;
  const { sampled: samples } = await sharedPeople(
    [
      sampled('crm', async (page) => {
        asked += 1;
        return { records: [], cursor: page + 1, done: false };
      }),
    ],
    options(new ManualClock(now)),
  );
  expect(asked).toBe(20);
  expect(samples).toEqual([{ source: 'crm', records: 0, unnamed: 0, whole: false }]);
});

it('looks at no record that is deleted', async () => {
  const { sampled: samples } = await sharedPeople(
    [
      sampled('crm', async () => ({
        records: [{ ...person('c1', 'ann@example.com'), deleted: true as const }],
        cursor: 1,
        done: true,
      })),
    ],
    options(new ManualClock(now)),
  );
  expect(samples).toEqual([{ source: 'crm', records: 0, unnamed: 0, whole: true }]);
});

it('looks up whom a source has beyond its first records among what is stored of it', async () => {
  const endless = (name: string, id: string, email: string) =>
    sampled(name, async (page) => ({
      records: page > 0 ? [] : [person(id, email)],
      cursor: page + 1,
      done: false,
    }));
  const wanted: unknown[] = [];
  const { sampled: samples, pairs } = await sharedPeople(
    [endless('crm', 'c1', 'ann@example.com'), endless('shop', 's1', 'bob@example.com')],
    {
      ...options(new ManualClock(now)),
      stored: async (asked) => {
        wanted.push(asked);
        return [
          { source: 'shop', email: 'ann@example.com', sourceId: 's9' },
          // What the sample says counts.
          { source: 'shop', email: 'bob@example.com', sourceId: 's8' },
        ];
      },
    },
  );
  expect(wanted).toEqual([{ emails: ['ann@example.com', 'bob@example.com'], sources: ['crm', 'shop'] }]);
  expect(samples.map(({ stored }) => stored)).toEqual([undefined, 1]);
  expect(pairs[0]!.by[0]).toMatchObject({
    people: 1,
    namedDifferently: 1,
    ambiguous: 0,
    examples: [{ value: 'a…@example.com', sourceIds: ['c1', 's9'] }],
  });
});
