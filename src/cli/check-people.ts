// `tributary check --people`: whom the sources share, and name by different source IDs.
import type { Source } from '../sync/intake/source.ts';
import { type SharedPeople, sharedPeople } from '../sync/plan/shared-people.ts';
import { emailHolders } from '../sync/views/email-holders.ts';
import { counted, number } from '../words.ts';
import type { Cli } from './cli.ts';
import type { App } from './deps.ts';
import { sentenceOf, UsageError } from './errors.ts';
import { print, type Terminal } from './terminal.ts';
import { tokensAreElsewhere, tokensElsewhereNote } from './tokens-elsewhere.ts';

/** Throws where fewer than two sources can be read at all. */
export function requireComparable({ tributary }: App): void {
  const { sources } = tributary.rules;
  const readable = sources.filter(({ canPull }) => canPull);
  if (readable.length > 1) return;
  const pushing = sources.filter(({ canPull }) => !canPull).map(({ name }) => name);
  const why = pushing.length > 0 ? ` (${pushing.join(', ')} can only be pushed)` : '';
  throw new UsageError(
    `--people compares two sources or more, and the configuration has ${readable.length === 1 ? `only ${readable[0]!.name}` : 'none'} that can be read${why}.`,
  );
}

export async function comparePeople(
  { clock, deps }: Cli,
  { tributary, database }: App,
  { unmasked }: { unmasked: boolean },
): Promise<SharedPeople> {
  const environment = await deps.readEnvironment();
  const readable: Source[] = [];
  const unread: SharedPeople['unread'] = [];
  for (const source of tributary.rules.sources) {
    const { name, canPull } = source;
    if (tokensAreElsewhere(tributary, environment, name))
      unread.push({ source: name, reason: tokensElsewhereNote });
    else if (canPull) readable.push(source);
  }
  const found = await sharedPeople(
    readable.map((source) => ({ source, context: (signal) => tributary.contextOf(source.name, signal) })),
    {
      clock,
      sentenceOf,
      stored: (wanted) => emailHolders(database, wanted),
      ...(unmasked && { show: (value: string) => value }),
    },
  );
  return { ...found, unread: [...unread, ...found.unread] };
}

export function printPeople(terminal: Terminal, { sampled, unread, pairs }: SharedPeople): void {
  for (const { source, reason } of unread) print(terminal, `${source} was not read for people: ${reason}`);
  if (pairs.length === 0) {
    print(terminal, 'People were not compared: fewer than two sources were read.');
    return;
  }
  const samples = sampled.map(({ source, records, unnamed, whole, stored = 0 }) => {
    const without = unnamed > 0 ? `, ${number(unnamed)} without a source ID` : '';
    const beside =
      stored > 0 ? `, and ${counted(stored, 'e-mail address', 'e-mail addresses')} stored before` : '';
    return `${source} (${whole ? 'all' : 'the first'} ${counted(records, 'record')}${without}${beside})`;
  });
  print(terminal, `\nPeople were compared in ${samples.join(', ')}.`);
  for (const pair of pairs) printPair(terminal, pair);
  if (pairs.some(({ by }) => by.some(({ namedDifferently }) => namedDifferently > 0)))
    print(
      terminal,
      'People with different source IDs become two customers: set sourceId of both sources to properties that hold the same ID.',
    );
}

const nouns = {
  email: { one: 'e-mail address', many: 'e-mail addresses' },
  phone: { one: 'telephone number', many: 'telephone numbers' },
};

function printPair(terminal: Terminal, { sources, by }: SharedPeople['pairs'][number]): void {
  for (const { property, people, namedDifferently, ambiguous, examples } of by) {
    const noun = nouns[property];
    const persons = counted(people, 'person', 'people');
    const different = people > 0 ? `, ${number(namedDifferently)} of them with different source IDs` : '';
    print(terminal, `${sources.join(' and ')} share ${persons} by ${noun.one}${different}.`);
    for (const { value, sourceIds } of examples)
      print(terminal, `  ${value}: ${sourceIds[0]} in ${sources[0]}, ${sourceIds[1]} in ${sources[1]}`);
    if (ambiguous > 0)
      print(
        terminal,
        `  Not counted: ${counted(ambiguous, noun.one, noun.many)} that several source IDs of one source hold.`,
      );
  }
}
