// `tributary problems list`: everything that needs a person, in one list, each with the command that helps.
import type { Command } from 'commander';
import { letterGroupsShape } from '../contract/dead-letter.ts';
import { holdsShape } from '../contract/hold.ts';
import { type HeadlineState, type Status, statusShape } from '../contract/status.ts';
import { lossWords } from '../customer/losses.ts';
import { counted, number } from '../words.ts';
import { answer, type Cli } from './cli.ts';
import type { Client } from './client.ts';
import { optionsOf } from './letter-options.ts';
import { withClient } from './reach.ts';
import { print, table } from './terminal.ts';

interface ListedProblem {
  kind: 'dead letters' | 'hold' | 'pause' | 'quarantine' | 'drift' | 'webhooks' | 'failure';
  /** A source, or `destination`; empty where it is of several. */
  source: string;
  /** Letters, customers, values or requests; 1 for a pause or a failure. */
  count: number;
  /** The cause, in a sentence. */
  cause: string;
  /** The command that helps. */
  next: string;
}

export function defineProblemsList(command: Command, cli: Cli): void {
  command.addHelpText('after', '\nExamples:\n  $ tributary problems list').action(() =>
    withClient(cli, async (client) => {
      const problems = await problemsOf(client);
      const said =
        problems.length === 0 ? 'Nothing needs a person.' : `${counted(problems.length, 'problem')}.`;
      if (cli.json) return answer(cli, said, problems);
      if (problems.length === 0) return print(cli.terminal, said);
      const rows = problems.map(({ kind, source, count, cause, next }) => [
        kind,
        source,
        number(count),
        next,
        cause,
      ]);
      print(cli.terminal, table(['PROBLEM', 'SOURCE', 'COUNT', 'NEXT', 'CAUSE'], rows));
    }),
  );
}

async function problemsOf(client: Client): Promise<ListedProblem[]> {
  const status = await client.send(statusShape, 'get', '/api/status');
  const letters = await client.send(letterGroupsShape, 'get', '/api/dead-letters/groups');
  const { groups } = await client.send(holdsShape, 'get', '/api/holds', { query: { limit: 1 } });
  const listed: ListedProblem[] = [
    ...pausesOf(status),
    ...letters.groups.map((group) => ({
      kind: 'dead letters' as const,
      source: group.source,
      count: group.letters,
      cause: group.plain,
      next: `tributary problems retry ${optionsOf(group)}`,
    })),
    ...groups.map(({ source, runId, change, open, samples }) => ({
      kind: 'hold' as const,
      source,
      count: open,
      cause: `They would ${lossWords(change, samples[0]?.from ?? null)}.`,
      next: `tributary holds list${runId === null ? '' : ` --run ${runId}`} --change ${/\s/.test(change) ? JSON.stringify(change) : change}`,
    })),
    ...refusalsOf(status),
    ...doubtsOf(status),
  ];
  return [...failuresOf(status, listed), ...listed];
}

/** The kinds that list a state in detail. */
const detailed: { readonly [state in HeadlineState]?: ListedProblem['kind'] } = {
  credentials_refused: 'pause',
  paused: 'pause',
  project_undecided: 'pause',
  held: 'hold',
  differs: 'drift',
  dead_letters: 'dead letters',
};

/** What fails and no other row tells. */
export function failuresOf(
  { problems }: Pick<Status, 'problems'>,
  listed: readonly ListedProblem[],
): ListedProblem[] {
  return problems
    .filter(({ state }) => !listed.some(({ kind }) => kind === detailed[state]))
    .map(({ subject, sentence, next }) => ({
      kind: 'failure',
      source: subject ?? '',
      count: 1,
      cause: sentence,
      next: next ?? 'tributary status',
    }));
}

function pausesOf({ sources, destination }: Status): ListedProblem[] {
  return [...sources, { ...destination, name: 'destination' }].flatMap(({ name, paused }) =>
    paused
      ? [
          {
            kind: 'pause' as const,
            source: name,
            count: 1,
            cause: paused.reason,
            next:
              paused.cause === 'project' ? 'tributary project --help' : `tributary sources resume ${name}`,
          },
        ]
      : [],
  );
}

function refusalsOf({ sources, destination, strayWebhooks }: Status): ListedProblem[] {
  const refused = [...sources, { ...destination, name: 'destination' }].flatMap(({ name, webhook }) =>
    (webhook?.refusals ?? []).map(({ reason, count }) => ({
      kind: 'webhooks' as const,
      source: name,
      count,
      cause: reason,
      next: `tributary webhooks setup ${name}`,
    })),
  );
  if (!strayWebhooks) return refused;
  const cause = `No source is called ${strayWebhooks.lastName}.`;
  const next = 'tributary webhooks setup SOURCE';
  return [...refused, { kind: 'webhooks', source: '', count: strayWebhooks.count, cause, next }];
}

const driftCauses = {
  differs: 'The destination holds other values than were acknowledged.',
  deleted: 'The destination no longer has them.',
  unknown: 'The destination has customers that were never sent.',
};

function doubtsOf({ quarantined, drifts }: Status): ListedProblem[] {
  const drifted = drifts.map(({ kind, count }) => ({
    kind: 'drift' as const,
    source: 'destination',
    count,
    cause: driftCauses[kind],
    next: 'tributary drifts list',
  }));
  if (quarantined === 0) return drifted;
  const cause = 'Values failed their type or rule and were left out.';
  const next = 'tributary problems quarantine';
  return [...drifted, { kind: 'quarantine', source: '', count: quarantined, cause, next }];
}
