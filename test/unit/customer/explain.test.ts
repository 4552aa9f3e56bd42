import { describe, expect, it } from 'vitest';
import {
  type CustomerExplanation,
  customerSentences,
  type ExplainedField,
  fieldSentences,
} from '../../../src/customer/explain.ts';
import { said } from '../../../src/customer/in-words.ts';

const noon = Date.parse('2026-11-20T10:02:30Z');
const candidate = {
  source: 'hubspot',
  stream: 'contacts',
  recordId: '951',
  changedAt: noon,
  version: 'abc',
  receivedAt: noon + 60_000,
  run: { id: 12, mode: 'incremental', trigger: 'schedule' },
  mapping: 'f00d',
};
const profile = {
  ...candidate,
  source: 'klaviyo',
  stream: 'profiles',
  recordId: '77',
  changedAt: noon - 86_400_000,
};

const email: ExplainedField = {
  field: 'email',
  value: 'anna@example.com',
  rule: 'newest',
  pin: null,
  winner: candidate,
  losers: [],
  quarantined: [],
  kept: null,
  raw: null,
  since: { revision: 3, at: noon, by: 'by run 12 of hubspot (contacts)' },
  acknowledged: { value: 'anna@example.com', isSame: true, isCertain: true, revision: 3, at: noon },
  next: null,
};
const told = (more: Partial<ExplainedField>) => fieldSentences({ ...email, ...more }, 'voucherify');

const anna: CustomerExplanation = {
  sourceId: 'c-1',
  revision: 1,
  createdAt: noon,
  updatedAt: noon,
  orphaned: false,
  destination: 'voucherify',
  fields: [],
  dropped: [],
  leftOut: [],
  withheldBy: null,
  quarantined: [],
  clashes: [],
  takeOvers: [],
  ignored: [],
  delivery: null,
  holds: [],
  deadLetters: [],
  writeBacks: [],
};
const toldOf = (more: Partial<CustomerExplanation>) => customerSentences({ ...anna, ...more }).slice(1);

describe('a field', () => {
  it('is explained in short sentences, one idea each', () => {
    expect(told({})).toEqual([
      'email is anna@example.com.',
      'It comes from hubspot contact 951, changed 2026-11-20 10:02 UTC, by the rule newest.',
      'Run 12 (incremental, triggered by the schedule) read it, 2026-11-20 10:03 UTC.',
      "The record's version is abc, the mapping's fingerprint f00d.",
      'It has had this value since revision 3, 2026-11-20 10:02 UTC, by run 12 of hubspot (contacts).',
      'Voucherify has acknowledged this value, as of 2026-11-20 10:02 UTC (revision 3).',
    ]);
  });

  it.each([
    [
      { value: 'a@x.org', reason: 'It changed earlier.' },
      'klaviyo profile 77 (changed 2026-11-19 10:02 UTC) says a@x.org, but it changed earlier.',
    ],
    [
      { value: 'anna@example.com', reason: 'Source klaviyo comes after hubspot.' },
      'klaviyo profile 77 (changed 2026-11-19 10:02 UTC) says the same, but source klaviyo comes after hubspot.',
    ],
    [
      { value: null, reason: 'It changed earlier.' },
      'klaviyo profile 77 (changed 2026-11-19 10:02 UTC) says it is empty, but it changed earlier.',
    ],
    [
      { value: null, reason: 'It is empty, and another is not.' },
      'klaviyo profile 77 (changed 2026-11-19 10:02 UTC) has no value for it, and this rule skips empty values.',
    ],
  ])('says why each other lost: %j', (loser, sentence) => {
    expect(told({ losers: [{ ...profile, ...loser }] })).toContain(sentence);
  });

  it.each([
    [
      { properties: ['Mail'], values: [' Anna@Example.com '], done: ['trimmed', 'lower-cased'] },
      'Its property Mail holds " Anna@Example.com ", which was trimmed and lower-cased.',
    ],
    [{ properties: ['id'], values: ['7'], done: [] }, 'Its property id holds "7", which was used as is.'],
    [
      { properties: ['first', 'last'], values: ['Anna', null], done: ['joined'] },
      'Its properties hold first "Anna" and last nothing, which were joined.',
    ],
    [{ properties: [], values: [], done: [] }, 'A function of the mapping computes it.'],
  ])('names the property, its raw value and what was done to it: %j', (raw, sentence) => {
    expect(told({ raw })).toContain(sentence);
  });

  it('says who pinned it, and that no record gives it', () => {
    const sentences = told({
      winner: null,
      rule: 'pin',
      pin: { note: 'she rang us', pinnedAt: noon, undoneBy: null, insteadOf: null },
    });
    expect(sentences[1]).toBe('A person pinned it 2026-11-20 10:02 UTC: she rang us.');
    expect(sentences.join(' ')).not.toContain('It comes from');
  });

  it.each([
    [null, 'Voucherify has acknowledged nothing of this customer yet.'],
    [{ value: 'old@x.org', isSame: false, isCertain: true }, /acknowledged old@x\.org, as of/],
    [{ value: null, isSame: false, isCertain: true }, /acknowledged no value for it yet/],
    [{ value: null, isSame: false, isCertain: false }, /not certain/],
  ])('says what the destination holds of it: %j', (held, sentence) => {
    const acknowledged = held && { ...held, revision: 2, at: noon };
    expect(told({ acknowledged }).at(-1)).toMatch(sentence);
  });

  it('says what it will be, where the mapping has changed since', () => {
    expect(told({ next: { value: 'b@x.org' } }).at(-1)).toContain('it would be b@x.org');
  });
});

describe('a customer', () => {
  it('is told with its revision', () => {
    expect(customerSentences(anna)[0]).toBe('Customer c-1 is at revision 1, created 2026-11-20 10:02 UTC.');
  });

  it.each([
    [['15', '12'], 'Records 12 and 15 of hubspot (contacts) both claim this source ID; 15 is newer.'],
    [
      ['9', '15', '12'],
      'Records 9, 12 and 15 of hubspot (contacts) all claim this source ID; 9 is the newest.',
    ],
  ])('names the records that claim it: %j', (recordIds, sentence) => {
    expect(toldOf({ clashes: [{ source: 'hubspot', stream: 'contacts', recordIds }] })).toContain(sentence);
  });

  it('says what was merged into what, and whose the other record was', () => {
    const takeOver = { source: 'hubspot', stream: 'contacts', recordId: '7', into: '9', isUndone: false };
    expect(toldOf({ takeOvers: [{ ...takeOver, sourceId: 'c-1', intoSourceId: 'c-1' }] })).toContain(
      'hubspot contact 9 took over record 7 when hubspot merged them: record 7 no longer counts.',
    );
    expect(
      toldOf({ takeOvers: [{ ...takeOver, sourceId: 'c-2', intoSourceId: 'c-1', isUndone: true }] }),
    ).toContain('hubspot contact 9 once took over record 7 of customer c-2, and a person undid it.');
  });

  const delivery = {
    revision: 4,
    acknowledged: 3,
    lane: 'schedule' as const,
    waitingSince: noon,
    dueAt: null,
    deliveredAt: null,
    attempts: 0,
    error: null,
  };
  it.each([
    [
      { state: 'waiting' as const, attempts: 2, error: 'HTTP 500' },
      [
        'Revision 4 waits in the lane schedule since 2026-11-20 10:02 UTC, after 2 failed attempts; Voucherify has revision 3.',
        'The last attempt failed: HTTP 500.',
      ],
    ],
    [
      { state: 'held' as const },
      [
        'The delivery of revision 4 is held since 2026-11-20 10:02 UTC, until a person releases or refuses it; Voucherify has revision 3.',
      ],
    ],
    [
      { state: 'dead' as const, acknowledged: null, error: 'invalid' },
      [
        'The delivery of revision 4 was given up; Voucherify has no revision of it yet.',
        'The last attempt failed: invalid.',
      ],
    ],
    [
      { state: 'delivered' as const, deliveredAt: noon },
      ['Voucherify has acknowledged revision 4, on 2026-11-20 10:02 UTC.'],
    ],
  ])('says how its delivery stands: %j', (how, sentences) => {
    expect(toldOf({ delivery: { ...delivery, ...how } })).toEqual(sentences);
  });

  it('says what is held, what was given up, what is ignored, and what is left out', () => {
    const record = { source: 'hubspot', stream: 'contacts', recordId: '5' };
    expect(
      toldOf({
        orphaned: true,
        holds: [
          { id: 1, change: 'email', from: 'a@x.org', heldAt: noon },
          { id: 2, change: 'deleted', from: null, heldAt: noon },
        ],
        deadLetters: [{ id: 3, kind: 'delivery', code: 'bad', message: 'Refused', lastAt: noon }],
        ignored: [{ ...record, because: 'it is deleted at its source' }],
        quarantined: [
          { ...record, field: 'metadata.points', value: 'many', reason: 'No number.', hasLastGood: false },
        ],
        dropped: ['phone'],
      }),
    ).toEqual([
      'No record contributes to it any more. It keeps the fields of its last records, and its pins.',
      'No delivery of it to Voucherify was ever enqueued.',
      'Hold 1 has been open since 2026-11-20 10:02 UTC: email would be emptied (it is a@x.org).',
      'Hold 2 has been open since 2026-11-20 10:02 UTC: it would be deleted.',
      'Dead letter 3 (delivery, bad) is open, last tried 2026-11-20 10:02 UTC: Refused.',
      'hubspot contact 5 is ignored, because it is deleted at its source.',
      'metadata.points is left out. hubspot contact 5 now says many, which is rejected: No number.',
      'phone had a value once; no record supplies one now.',
    ]);
  });
});

describe('a value in a sentence', () => {
  it.each([
    [null, 'empty'],
    ['Anna Nowak', 'Anna Nowak'],
    ['42', '"42"'],
    [42, '42'],
    ['true', '"true"'],
    [true, 'true'],
    ['ends.', '"ends."'],
    ['two\nlines', '"two\\nlines"'],
    ['empty', '"empty"'],
    [['a', 'b'], '["a","b"]'],
  ])('%j is told as %s', (value, text) => {
    expect(said(value)).toBe(text);
  });
});
