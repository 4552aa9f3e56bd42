// People whom two sources share by e-mail address or telephone number and name by different source IDs: each of them would
// become two customers. It reads the first records of each source, looks their people up among what is stored of the others, and
// stores nothing.
import {
  type Context,
  type Json,
  type JsonObject,
  type PullRequest,
  RejectedError,
  type Stream,
  TransientError,
} from '../../connector.ts';
import { sourceIdOf } from '../../customer/identity.ts';
import { normalise } from '../../customer/normalise.ts';
import type { Clock } from '../../engine/clock.ts';
import { untilAborted } from '../../engine/http/until-aborted.ts';
import { duration } from '../../words.ts';
import type { Source } from '../intake/source.ts';

/** At most so many records of a source are looked at. */
export const maxRecords = 1_000;

/** Of one stream; a vendor may keep giving empty pages. */
const maxPages = 20;

const recordsPerPage = 100;

/** What a source has not given by then is not waited for. */
const maxWaitMs = 60_000;

/** Of one property of two sources. */
const maxExamples = 3;

const properties = ['email', 'phone'] as const;

type Property = (typeof properties)[number];

export interface SharedPeople {
  /**
   * `unnamed`: of the records, those without a source ID. `whole`: the source has no more records than these. `stored`: e-mail
   * addresses of other sources that these records did not have, and records that were stored earlier do.
   */
  sampled: { source: string; records: number; unnamed: number; whole: boolean; stored?: number }[];
  /** Sources that could not be read, and why, in a sentence. */
  unread: { source: string; reason: string }[];
  /** Every two of the sampled sources. */
  pairs: { sources: [string, string]; by: Overlap[] }[];
}

interface Overlap {
  property: Property;
  /** Two source IDs, one of each source, that hold the same address or number, which no other source ID holds. */
  people: number;
  /** How many of these have another source ID in the one source than in the other. */
  namedDifferently: number;
  /** Further ones that several source IDs of one source hold, such as a company's number: they tell nobody apart. */
  ambiguous: number;
  examples: { value: string; sourceIds: [string, string] }[];
}

export interface SampledSource {
  source: Source;
  context(signal: AbortSignal): Context<unknown>;
}

interface Sample {
  records: number;
  unnamed: number;
  whole: boolean;
  stored?: number;
  /** The source IDs that hold an address or a number. */
  holders: { [property in Property]: Map<string, Set<string>> };
}

/** Reads the sources side by side. `show`: how a value is shown in the examples; default: masked. */
export async function sharedPeople(
  sources: readonly SampledSource[],
  { clock, sentenceOf, show = masked, stored }: Options,
): Promise<SharedPeople> {
  const samples: (Sample & { source: string })[] = [];
  const unread: SharedPeople['unread'] = [];
  const read = await Promise.allSettled(
    sources.map(async ({ source, context }) => sampleOf(source, context, clock)),
  );
  for (const [index, outcome] of read.entries()) {
    const source = sources[index]!.source.name;
    if (outcome.status === 'fulfilled') samples.push({ source, ...outcome.value });
    else unread.push({ source, reason: sentenceOf(outcome.reason) });
  }
  if (stored) await addStored(samples, stored);
  const pairs = samples.flatMap((one, index) =>
    samples.slice(index + 1).map((other): SharedPeople['pairs'][number] => ({
      sources: [one.source, other.source],
      by: properties.map((property) => overlap(property, one, other, show)),
    })),
  );
  return { sampled: samples.map(({ holders, ...sample }) => sample), unread, pairs };
}

interface Options {
  clock: Clock;
  sentenceOf(error: unknown): string;
  show?: (value: string) => string;
  /** Who is stored with one of these e-mail addresses, of these sources. */
  stored?: (wanted: {
    emails: readonly string[];
    sources: readonly string[];
  }) => Promise<readonly { source: string; email: string; sourceId: string }[]>;
}

/** Two large sources may have few of their first records in common: whom one has is looked up among what is stored of the other. */
async function addStored(
  samples: (Sample & { source: string })[],
  stored: NonNullable<Options['stored']>,
): Promise<void> {
  const partial = samples.filter(({ whole }) => !whole);
  const emails = [...new Set(samples.flatMap(({ holders }) => [...holders.email.keys()]))];
  if (partial.length === 0 || samples.length < 2 || emails.length === 0) return;
  const found = await stored({ emails, sources: partial.map(({ source }) => source) });
  const bySource = Map.groupBy(found, ({ source }) => source);
  for (const sample of partial) {
    const { email: holders } = sample.holders;
    const others = (bySource.get(sample.source) ?? []).filter(({ email }) => !holders.has(email));
    for (const [email, same] of Map.groupBy(others, ({ email }) => email))
      holders.set(email, new Set(same.map(({ sourceId }) => sourceId)));
    const added = new Set(others.map(({ email }) => email)).size;
    if (added > 0) sample.stored = added;
  }
}

async function sampleOf(source: Source, context: SampledSource['context'], clock: Clock): Promise<Sample> {
  const sample: Sample = {
    records: 0,
    unnamed: 0,
    whole: true,
    holders: { email: new Map(), phone: new Map() },
  };
  const [late, read] = [new AbortController(), new AbortController()];
  const reason = `It did not give its first records within ${duration(maxWaitMs / 1000)}.`;
  void clock.sleep(maxWaitMs, read.signal).then(() => late.abort(new TransientError(reason)));
  try {
    const streams = source.streams.filter(({ pull }) => pull);
    if (streams.length === 0)
      throw new RejectedError('It is read by exports only, and none is ordered for a sample.', {
        code: 'only_exports',
      });
    const share = Math.ceil(maxRecords / streams.length);
    for (const stream of streams)
      await readStream(source, stream, () => context(late.signal), { late, share, sample });
  } catch (error) {
    if (!late.signal.aborted || sample.records === 0) throw error;
    sample.whole = false;
  } finally {
    read.abort();
  }
  return sample;
}

/** Adds the first records of a stream to the sample. */
async function readStream(
  source: Source,
  stream: Stream<unknown>,
  contextOf: () => Context<unknown>,
  { late, share, sample }: { late: AbortController; share: number; sample: Sample },
): Promise<void> {
  const sourceId = source.config.sourceId.path;
  let cursor: Json | null = null;
  let records = 0;
  for (let pages = 0; pages < maxPages && records < share; pages += 1) {
    const context = contextOf();
    const request: PullRequest = {
      cursor,
      until: context.now,
      properties: [...new Set([...source.properties, ...additionalEmails(source)])],
      mapped: source.config.mapping !== null,
      maxRecords: recordsPerPage,
      ...(sourceId !== null && { sourceId }),
    };
    const page = await untilAborted(stream.pull!(context, request), late.signal);
    const living = page.records.filter(
      ({ body, deleted }) => !deleted && source.filtered(stream.name, body) === null,
    );
    const looked = living.slice(0, share - records);
    for (const { body } of looked) note(sample, source, stream.name, body);
    records += looked.length;
    cursor = page.cursor;
    if (page.done && looked.length === living.length) return;
  }
  sample.whole = false;
}

function note(sample: Sample, source: Source, stream: string, body: JsonObject): void {
  sample.records += 1;
  const { lowerCase } = source.config.sourceId;
  const found = sourceIdOf(body, source.sourceIdPath(body), { lowerCase });
  if (!('value' in found) || found.value === null || source.isProvisional(stream, body)) {
    sample.unnamed += 1;
    return;
  }
  const { fields } = source.contribute(body);
  const additional = additionalEmails(source).flatMap((name) => addressesIn(body[name]));
  for (const property of properties) {
    const holders = sample.holders[property];
    for (const value of [fields[property], ...(property === 'email' ? additional : [])]) {
      if (typeof value !== 'string' || value === '') continue;
      const key = value.toLowerCase();
      holders.set(key, (holders.get(key) ?? new Set()).add(found.value));
    }
  }
}

/** The property of further addresses, where the connector knows one. */
function additionalEmails({ config }: Source): string[] {
  return [config.connector.source?.additionalEmails ?? []].flat();
}

function addressesIn(value: Json = null): Json[] {
  const list = normalise(value, 'list');
  if (!('value' in list) || !Array.isArray(list.value)) return [];
  return list.value.flatMap((one) => {
    const address = normalise(one, 'email');
    return 'value' in address ? [address.value] : [];
  });
}

function overlap(property: Property, one: Sample, other: Sample, show: (value: string) => string): Overlap {
  const found: Overlap = { property, people: 0, namedDifferently: 0, ambiguous: 0, examples: [] };
  const counted = new Set<string>();
  for (const [value, here] of one.holders[property]) {
    const there = other.holders[property].get(value);
    if (!there) continue;
    const [[hereId], [thereId]] = [[...here], [...there]];
    if (here.size > 1 || there.size > 1 || hereId === undefined || thereId === undefined) {
      found.ambiguous += 1;
      continue;
    }
    // One person may have several addresses.
    const ids = JSON.stringify([hereId, thereId]);
    if (counted.has(ids)) continue;
    counted.add(ids);
    found.people += 1;
    if (hereId === thereId) continue;
    found.namedDifferently += 1;
    if (found.examples.length < maxExamples)
      found.examples.push({
        value: show(value),
        sourceIds: [shownId(hereId, value, show), shownId(thereId, value, show)],
      });
  }
  return found;
}

/** A source ID may be an e-mail address or a telephone number itself. */
function shownId(sourceId: string, value: string, show: (value: string) => string): string {
  const isContact = /@|^\+/.test(sourceId) || sourceId.replace(/\D/g, '') === value.replace(/\D/g, '');
  return isContact ? show(sourceId) : sourceId;
}

/** `ann@example.com` becomes `a…@example.com`, `+48601000002` becomes `…002`. */
function masked(value: string): string {
  const at = value.lastIndexOf('@');
  return at > 0 ? `${value[0]}…${value.slice(at)}` : `…${value.slice(-3)}`;
}
