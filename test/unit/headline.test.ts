import { describe, expect, it } from 'vitest';
import { type HeadlineState, headlineStates, problemStates } from '../../src/contract/status.ts';
import { type Facts, headlineOf, problemsOf } from '../../src/web/headline.ts';
import { fc } from '../support/properties.ts';

const at = '2026-03-01T12:00:00.000Z';
const time = Date.parse(at);
const source: Facts['sources'][number] = {
  name: 'crm',
  paused: null,
  pulls: true,
  reading: false,
  toTakeIn: 0,
  failure: null,
};
const verified: NonNullable<Facts['verification']> = {
  state: 'finished',
  endedAt: time,
  error: null,
  isSample: false,
  compared: 3,
  off: 0,
  found: 0,
  stale: 0,
  aside: 0,
};
const inStep: Facts = {
  destination: 'voucherify',
  circuit: { state: 'closed', reason: null, openUntil: null },
  paused: null,
  customers: { total: 3, waiting: 0, held: 0, dead: 0 },
  oldestWaitSeconds: null,
  lastDeliveredAt: time - 3_600_000,
  sources: [source],
  schemaWait: null,
  toTakeIn: 0,
  vanished: [],
  drifted: 0,
  acknowledgedDrifts: 0,
  deadLetters: 0,
  lettersBySource: new Map(),
  failingLoops: [],
  logLost: null,
  quarantined: 0,
  verification: verified,
};
const paused = (cause: NonNullable<Facts['paused']>['cause'], trialAt: number | null = null) => ({
  cause,
  reason: 'The reason.',
  trialAt,
});
const customers = inStep.customers;

/** What is true of each state, over facts of which nothing else is. */
const states: [HeadlineState, Partial<Facts>, string, string | null][] = [
  [
    'destination_failing',
    { circuit: { state: 'open', reason: 'It answered 503', openUntil: time } },
    `voucherify is failing, so nothing is sent until ${at}: It answered 503.`,
    'tributary status',
  ],
  [
    'credentials_refused',
    { paused: paused('unauthorized', time) },
    `The credentials of voucherify are refused: The reason. It is tried again at ${at}.`,
    'tributary check',
  ],
  [
    'credentials_refused',
    { sources: [{ ...source, paused: paused('unauthorized') }] },
    'The credentials of crm are refused: The reason.',
    'tributary check',
  ],
  [
    'schema_unknown',
    { schemaWait: 'Customers wait for the metadata schema of voucherify: HTTP 503.' },
    'Customers wait for the metadata schema of voucherify: HTTP 503.',
    'tributary check',
  ],
  [
    'differs',
    { verification: { ...verified, off: 2, stale: 2 } },
    '2 customers at voucherify were stale at the last verification: the stored records give other values than were delivered.',
    'tributary verify --heal',
  ],
  [
    'differs',
    { verification: { ...verified, off: 1, found: 1 } },
    '1 record differed from its vendor at the last verification.',
    'tributary verify --source --heal',
  ],
  [
    'paused',
    { paused: paused('refusals') },
    'Deliveries to voucherify are paused: The reason.',
    'tributary problems dead-letters',
  ],
  [
    'paused',
    { paused: paused('person') },
    'Deliveries to voucherify are paused: The reason.',
    'tributary status',
  ],
  [
    'paused',
    { sources: [{ ...source, paused: paused('person') }] },
    'crm is paused: The reason.',
    'tributary status',
  ],
  [
    'project_undecided',
    { paused: paused('project') },
    'A decision is needed whether voucherify is a new project: The reason.',
    'tributary project --help',
  ],
  [
    'sources_vanished',
    { vanished: ['old-crm', 'shop'] },
    'The configuration no longer names old-crm and shop, and what they contributed still counts.',
    'tributary sources withdraw old-crm',
  ],
  [
    'held',
    { customers: { ...customers, held: 1 } },
    '1 customer is held until you decide, because too many customers would lose the same fields.',
    'tributary holds list',
  ],
  [
    'differs',
    { drifted: 2 },
    '2 customers at voucherify differ from what it acknowledged.',
    'tributary verify --heal',
  ],
  [
    'dead_letters',
    { deadLetters: 1 },
    '1 dead letter waits until something changes.',
    'tributary problems dead-letters',
  ],
  [
    'dead_letters',
    { customers: { ...customers, dead: 2 } },
    '2 customers are not sent until they change, because their deliveries were given up.',
    'tributary status',
  ],
  [
    'source_failing',
    { sources: [{ ...source, failure: 'It answered 503' }] },
    'crm cannot be read: It answered 503.',
    'tributary status',
  ],
  [
    'impaired',
    { failingLoops: ['deliver'] },
    'Parts of this process fail repeatedly: deliver. The log says why.',
    'tributary status',
  ],
  [
    'impaired',
    { logLost: 'ENOSPC' },
    'Log lines are being lost (ENOSPC). Work continues without them.',
    'tributary status',
  ],
  [
    'behind',
    { customers: { ...customers, waiting: 1200 }, oldestWaitSeconds: 130 },
    '1,200 customers wait for delivery to voucherify, the oldest for 2 min.',
    'tributary status',
  ],
  [
    'behind',
    { sources: [{ ...source, reading: true }] },
    'crm is being read; nothing waits for delivery.',
    'tributary status',
  ],
  [
    'behind',
    { sources: [{ ...source, toTakeIn: 1 }], toTakeIn: 1 },
    'Webhooks from crm and voucherify are being processed; nothing waits for delivery.',
    'tributary webhooks inbox',
  ],
  [
    'empty',
    { customers: { ...customers, total: 0 }, verification: null },
    'There are no customers yet. They appear after the first sync.',
    'tributary sync',
  ],
  [
    'empty',
    { customers: { ...customers, total: 0 }, sources: [] },
    'No source is configured, so there are no customers.',
    'tributary check',
  ],
  [
    'unverified',
    { verification: null },
    'Everything is delivered to voucherify; not verified yet.',
    'tributary verify',
  ],
  [
    'unverified',
    { verification: { ...verified, state: 'failed', error: 'No export.' } },
    'Everything is delivered to voucherify; the last verification failed: No export.',
    'tributary verify',
  ],
  [
    'unverified',
    { verification: { ...verified, off: 1 } },
    'Everything is delivered to voucherify; the differences of the last verification were sent again and are not verified yet.',
    'tributary verify',
  ],
  [
    'unverified',
    { verification: { ...verified, compared: 0, aside: 3 } },
    'Everything is delivered to voucherify; the last verification compared no customers.',
    'tributary verify',
  ],
  [
    'in_step',
    {},
    `voucherify is in step as of the last verification, at 2026-03-01 12:00 UTC (3 customers compared).`,
    null,
  ],
  [
    'in_step',
    { verification: { ...verified, isSample: true, aside: 1 }, lastDeliveredAt: time + 3_600_000 },
    `voucherify is in step as of the last verification, at 2026-03-01 12:00 UTC (a sample of 3 customers compared, 1 other set aside or not readable). Later deliveries are not verified yet.`,
    'tributary verify',
  ],
  [
    'in_step',
    { quarantined: 1 },
    `voucherify is in step as of the last verification, at 2026-03-01 12:00 UTC (3 customers compared). 1 value is left out because it is not valid.`,
    'tributary problems quarantine',
  ],
];

describe('the headline', () => {
  it.each(states)('%s %j', (state, facts, sentence, next) => {
    expect(headlineOf({ ...inStep, ...facts })).toEqual({ state, sentence, next });
  });

  it.each(states)('%s %j is a problem alone, or none', (state, facts) => {
    const problems = new Set(problemsOf({ ...inStep, ...facts }).map((problem) => problem.state));
    expect([...problems]).toEqual((problemStates as readonly string[]).includes(state) ? [state] : []);
  });

  it('has a sentence for every state', () => {
    expect(new Set(states.map(([state]) => state))).toEqual(new Set(headlineStates));
  });

  const rank = (state: HeadlineState) => headlineStates.indexOf(state);

  it('says the worst of all that applies, whatever else does', () => {
    fc.assert(
      fc.property(fc.subarray(states, { minLength: 1 }), (some) => {
        const expected = Math.min(...some.map(([state]) => rank(state)));
        // The better first, so that the facts of the worst stand where two speak of the same.
        const parts = some.toSorted(([a], [b]) => rank(b) - rank(a)).map(([, more]) => more);
        const facts: Facts = Object.assign({}, inStep, ...parts);
        expect(rank(headlineOf(facts).state)).toBe(expected);
      }),
    );
  });

  it('never says "in step" while anything waits, is held, dead, paused or was never verified', () => {
    const arbitrary: fc.Arbitrary<Facts> = fc
      .record({
        circuit: fc.constantFrom(inStep.circuit, {
          state: 'half-open' as const,
          reason: null,
          openUntil: null,
        }),
        paused: fc.constantFrom(null, paused('person'), paused('unauthorized'), paused('project')),
        customers: fc.record({
          total: fc.constantFrom(0, 3),
          waiting: fc.nat(1),
          held: fc.nat(1),
          dead: fc.nat(1),
        }),
        sources: fc.constantFrom(
          [source],
          [{ ...source, paused: paused('person') }],
          [{ ...source, failure: 'x' }],
        ),
        drifted: fc.nat(1),
        deadLetters: fc.nat(1),
        verification: fc.constantFrom(null, verified, { ...verified, off: 1 }),
      })
      .map((some) => ({ ...inStep, ...some }));
    fc.assert(
      fc.property(arbitrary, (facts) => {
        const { circuit, customers, verification } = facts;
        const isClear =
          circuit.state === 'closed' &&
          facts.paused === null &&
          customers.waiting + customers.held + customers.dead + facts.drifted + facts.deadLetters === 0 &&
          customers.total > 0 &&
          facts.sources.every((one) => one.paused === null && one.failure === null) &&
          verification !== null &&
          verification.off === 0;
        const { state, sentence } = headlineOf(facts);
        expect(state === 'in_step').toBe(isClear);
        expect(sentence.includes('in step')).toBe(isClear);
      }),
    );
  });

  it('does not say that a difference was sent again which a person has acknowledged', () => {
    const facts = { ...inStep, acknowledgedDrifts: 1, verification: { ...verified, off: 1 } };
    expect(headlineOf(facts)).toMatchObject({
      state: 'unverified',
      sentence: 'Everything is delivered to voucherify; 1 customer differs there, which was acknowledged.',
    });
  });

  it('tells a problem of each thing apart, and of many the rest together', () => {
    const named = (name: string) => ({ ...source, name, failure: 'It answered 503.' });
    const one = problemsOf({ ...inStep, sources: ['a', 'b'].map(named) });
    expect(one.map(({ subject, sentence }) => [subject, sentence])).toEqual([
      ['a', 'a cannot be read: It answered 503.'],
      ['b', 'b cannot be read: It answered 503.'],
    ]);
    const many = problemsOf({
      ...inStep,
      sources: Array.from({ length: 40 }, (_, index) => named(`s${index}`)),
    });
    expect(many).toHaveLength(21);
    expect(many.at(-1)).toMatchObject({
      subject: 'others',
      sentence: 'The same is true of s20, s21, s22, s23, s24 and 15 others.',
    });
  });
});
