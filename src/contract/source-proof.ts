// What a verification of a source found: how many of the vendor's records are stored as the vendor has them, and what differs, by kind.
import { z } from 'zod';
import { counted, number } from '../words.ts';
import { answer, count, orNull, personal, time } from './parts.ts';

/** Kinds of difference between a vendor and the stored records. */
export const findingKinds = [
  /** The vendor has it, and it is not stored. */
  'missing',
  /** Stored, and left out by no rule that holds now. */
  'filtered',
  /** The vendor's record is newer. */
  'stale',
  /** The same clock and another content. */
  'content',
  /** The stored record has a later clock and another content, so that changes at the vendor are taken for older. */
  'ahead',
  'deletedThere',
  'deletedHere',
  'mergedThere',
  'mergedHere',
  /** Stored for another customer than its source ID names. */
  'otherCustomer',
  /** Stored, and the customer that it speaks of was never delivered and does not wait. */
  'undelivered',
] as const;
export type FindingKind = (typeof findingKinds)[number];

/** What may become of a record besides a finding. */
export const otherVerdicts = ['matched', 'postponed', 'rejected', 'erased', 'unread', 'unproven'] as const;
export type Verdict = FindingKind | (typeof otherVerdicts)[number];

const finding = {
  source: z.string(),
  stream: z.string(),
  recordId: z.string(),
  sourceId: z.string().nullable(),
  kind: z.enum(findingKinds),
  properties: z.array(z.string()).meta({ description: 'The names of the properties that differ.' }),
  changedThere: time.nullable().meta({ description: "The vendor's clock of the record." }),
  changedHere: time.nullable().meta({ description: 'The clock of the stored record.' }),
  detail: personal(z.string().nullable()),
};

export const findingShape = answer(finding, 'SourceFinding', 'One record that differs from the vendor.');

const { recordId, sourceId, properties, detail } = finding;
/** As it stands in a report, whose hash covers it. */
const moment = orNull(z.string().meta({ format: 'date-time' }));
const example = z.union([
  answer({
    recordId,
    sourceId,
    properties,
    detail,
    changedThere: moment,
    changedHere: moment,
    salt: z.string(),
  }),
  answer({ erased: z.string() }),
]);

const tally = answer({
  count: count.meta({ description: 'The sum of the others.' }),
  matched: count,
  found: count.meta({ description: 'Records with a finding.' }),
  postponed: count.meta({
    description:
      'Changed so recently that they may still arrive, or waiting to be read: neither equal nor different.',
  }),
  rejected: count.meta({ description: 'Rejected before, and listed among the problems.' }),
  erased: count.meta({ description: 'Of persons who were erased here.' }),
  unread: count.meta({ description: 'The vendor did not give them when they were read by ID.' }),
  unproven: count.meta({ description: 'Not looked at, or nothing proves what became of them.' }),
});
export type Tally = z.output<typeof tally>;

export const provenStreamShape = answer({
  source: z.string(),
  stream: z.string(),
  state: z.enum(['waiting', 'reading', 'proven', 'unproven']).meta({
    description: '`proven`: the vendor was read to the end. `unproven`: it was not, for the reason `why`.',
  }),
  why: z.string().nullable(),
  by: z.enum(['inventory', 'pages']).nullable().meta({
    description:
      'How the vendor was read: by a list of IDs and clocks, or by the pages of a full reading, whose contents are compared.',
  }),
  settledBefore: orNull(z.string().meta({ format: 'date-time' })).meta({
    description: 'Changes at the vendor after this time are not expected to be stored yet.',
  }),
  expectedCalls: count.nullable().meta({ description: 'Forecast before it was read.' }),
  calls: count,
  counted: count.nullable().meta({ description: "The vendor's own count of its records." }),
  hidden: count.meta({ description: 'Records that the vendor counts and does not list.' }),
  listed: tally,
  notListed: tally.meta({ description: 'Stored records that the list does not have.' }),
  filtered: count.meta({ description: 'Matched records that are stored and left out by a filter.' }),
  sampled: count.meta({ description: 'Records with the same clock whose contents were compared as well.' }),
  findings: z.array(answer({ kind: z.enum(findingKinds), count, examples: z.array(example) })),
  touched: count.meta({ description: 'Records that are read again, to mend what was found.' }),
});
export type ProvenStream = z.output<typeof provenStreamShape>;

/** Whether the two sums are right. */
export function balances({ listed, notListed }: ProvenStream): boolean {
  return [listed, notListed].every(
    ({ count, ...parts }) => count === Object.values(parts).reduce((sum, part) => sum + part, 0),
  );
}

export const proofForecastShape = answer(
  {
    source: z.string(),
    stream: z.string(),
    by: z.enum(['inventory', 'pages']).nullable().meta({
      description: 'As `by` of a stream of the report. Null: the vendor has no list of these records.',
    }),
    records: count.meta({ description: 'Records that are stored and stand.' }),
    calls: count.nullable().meta({
      description: 'Calls to the vendor if nothing differs. Null: not known before it is read.',
    }),
  },
  'SourceProofForecast',
  'The calls that reading one stream takes.',
);
export type ProofForecast = z.output<typeof proofForecastShape>;

/** Whether everything was looked at, and nothing hides. */
export function isWhole({ state, listed, notListed }: ProvenStream): boolean {
  return state === 'proven' && listed.unread + notListed.unread === 0;
}

/** How many records have a finding. */
export function foundIn(streams: readonly ProvenStream[] = []): number {
  return streams.reduce((sum, { listed, notListed }) => sum + listed.found + notListed.found, 0);
}

/** After a number of records. */
export const findingWords: { readonly [kind in FindingKind]: string } = {
  missing: 'at the vendor and not stored',
  filtered: 'stored as left out, or not, against the filter',
  stale: 'newer at the vendor',
  content: 'of the same time with other contents',
  ahead: 'stored with a later time and other contents',
  deletedThere: 'deleted at the vendor and not here',
  deletedHere: 'deleted here and not at the vendor',
  mergedThere: 'merged at the vendor and not so here',
  mergedHere: 'merged here and not at the vendor',
  otherCustomer: 'stored for another customer than they name',
  undelivered: 'stored, and never delivered',
};

/** One sentence on a stream, whose figures balance. */
export function streamSentence(stream: ProvenStream): string {
  const { state, why, listed, notListed, filtered } = stream;
  if (state === 'waiting') return 'waiting.';
  const all = listed.count + notListed.count;
  const parts = [
    `${number(all)} records`,
    `${number(listed.matched + notListed.matched)} match${filtered > 0 ? ` (${number(filtered)} of them left out by the filter)` : ''}`,
    ...(['found', 'postponed', 'rejected', 'erased', 'unread', 'unproven'] as const).flatMap((part) => {
      const count = listed[part] + notListed[part];
      return count > 0 ? [`${number(count)} ${tallyWords[part]}`] : [];
    }),
  ];
  const calls = `${counted(stream.calls, 'call')} (${stream.by === 'inventory' ? 'a list of IDs and times' : 'full pages'}).`;
  const said = `${parts.join(', ')}; ${calls}`;
  return state === 'reading' ? `reading: ${said}` : why === null ? said : `not proven: ${why} ${said}`;
}

const tallyWords = {
  found: 'differ',
  postponed: 'postponed',
  rejected: 'rejected before',
  erased: 'of erased persons',
  unread: 'not given by ID',
  unproven: 'not proven',
};
