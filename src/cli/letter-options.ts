// Which dead letters are meant, as commands are asked: the same options everywhere. It knows no command.

import { type Command, Option } from 'commander';
import { deadLetterKinds } from '../contract/dead-letter.ts';
import { timeOf } from './times.ts';

export interface LetterOptions {
  kind?: string;
  source?: string;
  code?: string;
  since?: string;
  until?: string;
  text?: string;
}

export function addLetterOptions(command: Command): Command {
  return command
    .addOption(new Option('--kind <kind>', 'what kind of work was given up').choices(deadLetterKinds))
    .option('--source <name>', 'of this source; "destination" for deliveries')
    .option('--code <code>', 'with this code, as "tributary problems dead-letters" shows it')
    .option('--since <time>', 'given up at this time or later; UTC if it has no offset')
    .option('--until <time>', 'given up before this time')
    .option('--text <text>', 'with this text in its reference or message');
}

/** As the API takes it; what is not given is not in it. Throws UsageError. */
export function letterFilter({ kind, source, code, since, until, text }: LetterOptions): {
  [name: string]: string;
} {
  const given = {
    kind,
    source,
    code,
    since: since === undefined ? undefined : timeOf(since),
    until: until === undefined ? undefined : timeOf(until),
    text,
  };
  return Object.fromEntries(
    Object.entries(given).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

/** The options that choose one group, for a command line that a person may copy. */
export function optionsOf({ kind, source, code }: { kind: string; source: string; code: string }): string {
  return Object.entries({ kind, source, code })
    .map(
      ([name, value]) =>
        `--${name} ${/^[\w.-]+$/.test(value) ? value : `'${value.replaceAll("'", `'\\''`)}'`}`,
    )
    .join(' ');
}
