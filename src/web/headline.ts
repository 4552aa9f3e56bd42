// How far the destination is in step, in one sentence, the worst first: facts in, words out. The page, the command line and
// the API say the same. Pure; it knows no rows and no clock.

import type { PauseCause } from '../contract/pause.ts';
import {
  type Headline,
  type HeadlineState,
  headlineStates,
  type OpenProblem,
  problemStates,
} from '../contract/status.ts';
import { moment } from '../customer/in-words.ts';
import { counted, duration, iso } from '../words.ts';

interface PauseFact {
  cause: PauseCause;
  reason: string;
  /** When it is tried again without a person. */
  trialAt: number | null;
}

interface SourceFact {
  name: string;
  paused: PauseFact | null;
  /** It can be read, and is not only sent webhooks. */
  pulls: boolean;
  /** A run is under way or asked for. */
  reading: boolean;
  /** Webhook requests to open, and records to read that they named. */
  toTakeIn: number;
  /** Why its newest run failed, or waits to be tried again; null where it did not. */
  failure: string | null;
}

/** All that the headline goes by. Times are epoch milliseconds. */
export interface Facts {
  /** The connector of the destination. */
  destination: string;
  circuit: { state: 'closed' | 'open' | 'half-open'; reason: string | null; openUntil: number | null };
  paused: PauseFact | null;
  customers: { total: number; waiting: number; held: number; dead: number };
  oldestWaitSeconds: number | null;
  lastDeliveredAt: number | null;
  sources: readonly SourceFact[];
  /** Why nothing is taken in before the destination's metadata schema is known, in a sentence; null where it is. */
  schemaWait: string | null;
  /** Webhook requests of the destination that are to be opened. */
  toTakeIn: number;
  /** Sources that are no longer in the configuration and whose contributions remain. */
  vanished: readonly string[];
  /** Customers whose values at the destination differ from what it acknowledged. */
  drifted: number;
  /** Customers that differ, of whom a person has acknowledged it. */
  acknowledgedDrifts: number;
  deadLetters: number;
  /** The same by source, `destination` for deliveries. */
  lettersBySource: ReadonlyMap<string, number>;
  /** Whose they are, where the others are left out. */
  lettersOf?: string;
  /** Loops of this process that fail again and again. */
  failingLoops: readonly string[];
  /** Why lines of the log are lost, such as ENOSPC. */
  logLost: string | null;
  /** Values left out because they failed their type or rule. */
  quarantined: number;
  /** The newest verification that has ended. */
  verification: {
    state: 'finished' | 'failed';
    endedAt: number;
    error: string | null;
    isSample: boolean;
    compared: number;
    /** Customers that differed, were stale or were missing, and records that differed from their vendor. */
    off: number;
    /** Records that differed from their vendor and were not mended by it. */
    found: number;
    /** Customers that were stale and were not sent again by it. */
    stale: number;
    /** Customers that were set aside or could not be read. */
    aside: number;
  } | null;
}

type Said = Omit<Headline, 'state'>;

/** By state, what is said where it applies; null where it does not. */
const rules: { readonly [state in HeadlineState]: (facts: Facts) => Said | null } = {
  destination_failing: ({ circuit, destination }) =>
    circuit.state === 'closed'
      ? null
      : {
          sentence: `${destination} is failing, so nothing is sent${circuit.openUntil === null ? '' : ` until ${iso(circuit.openUntil)}`}${because(circuit.reason)}`,
          next: 'tributary status',
        },
  credentials_refused: (facts) =>
    pausedFor(facts, 'unauthorized', (who) => `The credentials of ${who} are refused`, 'tributary check'),
  paused: (facts) =>
    pausedFor(
      facts,
      'refusals',
      (who) => `Deliveries to ${who} are paused`,
      'tributary problems dead-letters',
    ) ??
    pausedFor(facts, 'person', (who, isDestination) =>
      isDestination ? `Deliveries to ${who} are paused` : `${who} is paused`,
    ),
  project_undecided: (facts) =>
    pausedFor(
      facts,
      'project',
      (who) => `A decision is needed whether ${who} is a new project`,
      'tributary project --help',
    ),
  schema_unknown: ({ schemaWait }) =>
    schemaWait === null ? null : { sentence: schemaWait, next: 'tributary check' },
  sources_vanished: ({ vanished }) =>
    vanished.length === 0
      ? null
      : {
          sentence: `The configuration no longer names ${list(vanished)}, and what ${vanished.length === 1 ? 'it' : 'they'} contributed still counts.`,
          next: `tributary sources withdraw ${vanished[0]}`,
        },
  held: ({ customers: { held } }) =>
    held === 0
      ? null
      : {
          sentence: `${counted(held, 'customer')} ${are(held)} held until you decide, because too many customers would lose the same fields.`,
          next: 'tributary holds list',
        },
  differs: ({ destination, drifted, verification }) => {
    const next = 'tributary verify --heal';
    if (drifted > 0)
      return {
        sentence: `${counted(drifted, 'customer')} at ${destination} ${drifted === 1 ? 'differs' : 'differ'} from what it acknowledged.`,
        next,
      };
    const found = verification?.found ?? 0;
    if (found > 0)
      return {
        sentence: `${counted(found, 'record')} differed from ${found === 1 ? 'its' : 'their'} vendor at the last verification.`,
        next: 'tributary verify --source --heal',
      };
    const stale = verification?.stale ?? 0;
    if (stale === 0) return null;
    return {
      sentence: `${counted(stale, 'customer')} at ${destination} ${stale === 1 ? 'was' : 'were'} stale at the last verification: the stored records give other values than were delivered.`,
      next,
    };
  },
  dead_letters: ({ deadLetters, lettersOf, customers: { dead } }) =>
    deadLetters + dead === 0
      ? null
      : {
          sentence:
            deadLetters === 0
              ? `${counted(dead, 'customer')} ${are(dead)} not sent until ${dead === 1 ? 'it changes' : 'they change'}, because ${dead === 1 ? 'its delivery was' : 'their deliveries were'} given up.`
              : `${counted(deadLetters, 'dead letter')}${lettersOf === undefined ? '' : ` of ${lettersOf}`} ${deadLetters === 1 ? 'waits' : 'wait'} until something changes.`,
          next: deadLetters === 0 ? 'tributary status' : 'tributary problems dead-letters',
        },
  source_failing: ({ sources }) => {
    const failing = sources.filter(({ failure }) => failure !== null);
    const [first] = failing;
    if (!first) return null;
    const who = list(failing.map(({ name }) => name));
    return { sentence: `${who} cannot be read${because(first.failure)}`, next: 'tributary status' };
  },
  impaired: ({ failingLoops, logLost }) => {
    if (failingLoops.length > 0)
      return {
        sentence: `Parts of this process fail repeatedly: ${list(failingLoops)}. The log says why.`,
        next: 'tributary status',
      };
    if (logLost === null) return null;
    return {
      sentence: `Log lines are being lost (${logLost}). Work continues without them.`,
      next: 'tributary status',
    };
  },
  behind: ({ destination, customers: { waiting }, oldestWaitSeconds, sources, toTakeIn }) => {
    if (waiting > 0) {
      const since = oldestWaitSeconds === null ? '' : `, the oldest for ${duration(oldestWaitSeconds)}`;
      return {
        sentence: `${counted(waiting, 'customer')} ${waiting === 1 ? 'waits' : 'wait'} for delivery to ${destination}${since}.`,
        next: 'tributary status',
      };
    }
    const reading = sources.filter((source) => source.reading).map(({ name }) => name);
    if (reading.length > 0)
      return {
        sentence: `${list(reading)} ${are(reading.length)} being read; nothing waits for delivery.`,
        next: 'tributary status',
      };
    const pushed = [...sources, { name: destination, toTakeIn }]
      .filter((one) => one.toTakeIn > 0)
      .map(({ name }) => name);
    if (pushed.length === 0) return null;
    return {
      sentence: `Webhooks from ${list(pushed)} are being processed; nothing waits for delivery.`,
      next: 'tributary webhooks inbox',
    };
  },
  empty: ({ customers: { total }, sources }) => {
    if (total > 0) return null;
    if (sources.length === 0)
      return { sentence: 'No source is configured, so there are no customers.', next: 'tributary check' };
    return sources.some(({ pulls }) => pulls)
      ? { sentence: 'There are no customers yet. They appear after the first sync.', next: 'tributary sync' }
      : { sentence: 'There are no customers yet. They appear as the sources push them.', next: null };
  },
  unverified: (facts) => {
    const why = unverifiedBecause(facts);
    if (why === null) return null;
    return {
      sentence: `Everything is delivered to ${facts.destination}; ${why}.${leftOut(facts)}`,
      next: 'tributary verify',
    };
  },
  in_step: (facts) => {
    const { destination, verification, lastDeliveredAt, quarantined } = facts;
    const { endedAt, isSample, compared, aside } = verification!;
    const besides = aside === 0 ? '' : `, ${counted(aside, 'other')} set aside or not readable`;
    const how = `${isSample ? 'a sample of ' : ''}${counted(compared, 'customer')} compared${besides}`;
    const later =
      lastDeliveredAt !== null && lastDeliveredAt > endedAt ? ' Later deliveries are not verified yet.' : '';
    return {
      sentence: `${destination} is in step as of the last verification, at ${moment(endedAt)} (${how}).${later}${leftOut(facts)}`,
      next: later ? 'tributary verify' : quarantined > 0 ? 'tributary problems quarantine' : null,
    };
  },
};

/** All that fail or need a person, the worst first: one for each thing that it is about. */
export function problemsOf(facts: Facts): OpenProblem[] {
  return problemStates.flatMap((state) => {
    const apart = (subjects[state]?.(facts) ?? []).flatMap(([subject, its]): OpenProblem[] => {
      const said = rules[state](its);
      return said === null ? [] : [{ state, subject, ...said }];
    });
    if (apart.length > 0) return bounded(apart);
    const said = rules[state](facts);
    return said === null ? [] : [{ state, subject: null, ...said }];
  });
}

/** More of a kind than this are told together. */
const maxApart = 20;

const maxNamed = 5;

function bounded(problems: readonly OpenProblem[]): OpenProblem[] {
  const [rest, others] = [problems.slice(0, maxApart), problems.slice(maxApart)];
  const [first] = others;
  if (!first) return rest;
  const named = others.slice(0, maxNamed).map(({ subject }) => subject!);
  const more = others.length - named.length;
  const who = list(more > 0 ? [...named, counted(more, 'other')] : named);
  return [...rest, { ...first, subject: 'others', sentence: `The same is true of ${who}.` }];
}

type Subject = readonly [subject: string, facts: Facts];

const eachSource = (facts: Facts): Subject[] =>
  facts.sources.map((source) => [source.name, { ...facts, paused: null, sources: [source] }]);

const eachAccount = (facts: Facts): Subject[] => [
  ['destination', { ...facts, sources: [] }],
  ...eachSource(facts),
];

/** By state, what it may be about, each with the facts about that alone. The others are about everything. */
const subjects: { readonly [state in HeadlineState]?: (facts: Facts) => readonly Subject[] } = {
  credentials_refused: eachAccount,
  paused: eachAccount,
  source_failing: eachSource,
  sources_vanished: (facts) => facts.vanished.map((name) => [name, { ...facts, vanished: [name] }]),
  dead_letters: (facts) =>
    [...facts.lettersBySource].map(([source, open]) => [
      source,
      { ...facts, deadLetters: open, lettersOf: source, customers: { ...facts.customers, dead: 0 } },
    ]),
  impaired: (facts) => [
    ...facts.failingLoops.map((name): Subject => [name, { ...facts, failingLoops: [name], logLost: null }]),
    ['log', { ...facts, failingLoops: [] }],
  ],
};

/** The worst that applies. */
export function headlineOf(facts: Facts): Headline {
  for (const state of headlineStates) {
    const said = rules[state](facts);
    if (said !== null) return { state, ...said };
  }
  throw new Error('The last state always applies.');
}

/** Why everything that is delivered proves nothing yet, as the end of a sentence; null where it was verified. */
function unverifiedBecause({ verification, acknowledgedDrifts }: Facts): string | null {
  if (verification === null) return 'not verified yet';
  const { state, error, off, compared } = verification;
  if (state === 'failed')
    return `the last verification failed: ${(error ?? 'without a reason').replace(/\.$/, '')}`;
  if (off > 0 && acknowledgedDrifts > 0)
    return `${counted(acknowledgedDrifts, 'customer')} ${acknowledgedDrifts === 1 ? 'differs' : 'differ'} there, which was acknowledged`;
  if (off > 0) return `the differences of the last verification were sent again and are not verified yet`;
  return compared === 0 ? 'the last verification compared no customers' : null;
}

/** Values that a customer lacks at the destination although everything is delivered. */
function leftOut({ quarantined }: Facts): string {
  return quarantined === 0
    ? ''
    : ` ${counted(quarantined, 'value')} ${are(quarantined)} left out because ${quarantined === 1 ? 'it is' : 'they are'} not valid.`;
}

/** What is paused for this cause, the destination before the sources. */
function pausedFor(
  { destination, paused, sources }: Facts,
  cause: PauseFact['cause'],
  words: (who: string, isDestination: boolean) => string,
  next = 'tributary status',
): Said | null {
  const all = [
    { name: destination, paused, isDestination: true },
    ...sources.map(({ name, paused }) => ({ name, paused, isDestination: false })),
  ];
  const [first] = all.filter((one) => one.paused?.cause === cause);
  if (!first?.paused) return null;
  const { reason, trialAt } = first.paused;
  const again = trialAt === null ? '' : ` It is tried again at ${iso(trialAt)}.`;
  return { sentence: `${words(first.name, first.isDestination)}${because(reason)}${again}`, next };
}

/** `: the reason.`, with its full stop. */
function because(reason: string | null): string {
  if (reason === null || reason === '') return '.';
  return `: ${reason}${/[.!?]$/.test(reason) ? '' : '.'}`;
}

function are(count: number): string {
  return count === 1 ? 'is' : 'are';
}

/** `a`, `a and b`, `a, b and c`. */
function list(names: readonly string[]): string {
  return names.length < 2 ? (names[0] ?? '') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}
