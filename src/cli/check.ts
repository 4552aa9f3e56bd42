// `tributary check`: what the configuration's credentials allow, and names in it that lead nowhere. It writes nothing to
// any vendor.

import type { Command } from 'commander';
import { maxRecords } from '../sync/plan/shared-people.ts';
import { counted, number } from '../words.ts';
import { comparePeople, printPeople, requireComparable } from './check-people.ts';
import { checkAll, type Found, isRefused, openForCheck } from './checks.ts';
import { answer, type Cli } from './cli.ts';
import { exitCodes, UsageError } from './errors.ts';
import { print, table } from './terminal.ts';

export function defineCheck(command: Command, cli: Cli): void {
  command
    .option(
      '--people',
      'also compare the people of the sources: whom they share and name by different source IDs',
    )
    .option('--unmasked', 'with --people: show e-mail addresses and telephone numbers in full')
    .addHelpText(
      'after',
      `
Examples:
  $ tributary check
  $ tributary check --people
  $ tributary check --config staging.config.json --json

A permission that cannot be tried without writing, or without a request from the vendor, is shown as "not tried"
("allowed": null in JSON). It may still be refused.

--people reads at most the first ${number(maxRecords)} records of each source, for at most a minute, and stores nothing.
Their e-mail addresses are also looked up among the customers that are already stored of the other sources.

Exit code 0: every permission that was tried is granted. 1: a required permission is missing, or a source could not be
read for --people. 2: the configuration has faults (all of them are printed), or fewer than two sources can be read for
--people.`,
    )
    .action(async (options: { people?: true; unmasked?: true }) => {
      if (options.unmasked && !options.people)
        throw new UsageError('--unmasked is an option of --people: give both.');
      const app = await openForCheck(cli);
      try {
        if (options.people) requireComparable(app);
        const found = await checkAll(cli, app);
        const people = options.people
          ? await comparePeople(cli, app, { unmasked: options.unmasked ?? false })
          : null;
        const ok = !isRefused(found) && (people?.unread ?? []).length === 0;
        if (cli.json) answer(cli, verdictOf(found), { ok, ...found, ...(people && { people }) });
        else {
          report(cli, found);
          if (people) printPeople(cli.terminal, people);
        }
        cli.exitCode = ok ? exitCodes.success : exitCodes.failed;
      } finally {
        await app.close();
      }
    });
}

function report({ terminal, deps }: Cli, found: Found): void {
  const { checks, webhooks, probed, proxied, warnings } = found;
  const rows = checks.flatMap(({ name, permissions }) =>
    permissions.map(({ what, allowed, note }) => [name, what, allowedWords(allowed), note]),
  );
  print(terminal, table(['WHERE', 'PERMISSION', 'ALLOWED', 'NOTE'], rows));
  if (webhooks.length > 0) {
    const lines = webhooks.map(({ name, url, missing }) => [name, url, missing ?? 'configured']);
    print(terminal, `\n${table(['WEBHOOKS OF', 'ADDRESS', 'AUTHENTICATION'], lines)}\n`);
  }
  for (const { name, proxy } of proxied) print(terminal, `${name} is reached through the proxy ${proxy}.`);
  print(terminal, probedSentence(probed));
  for (const warning of warnings) print(terminal, `warning: ${warning}`);
  print(terminal, `${verdictOf(found)} (Tributary ${deps.version})`);
}

function verdictOf({ checks }: Found): string {
  const all = checks.flatMap(({ permissions }) => permissions);
  const refused = all.filter(({ allowed }) => allowed === false).length;
  const untried = all.filter(({ allowed }) => allowed === null).length;
  return refused === 0
    ? `Everything that was tried is allowed.${untried > 0 ? ` ${counted(untried, 'permission')} not tried.` : ''}`
    : `${counted(refused, 'permission')} of ${all.length} missing.`;
}

function allowedWords(allowed: boolean | null): string {
  if (allowed === null) return 'not tried';
  return allowed ? 'yes' : 'NO';
}

function probedSentence(probed: Found['probed']): string {
  if (probed === null)
    return 'The destination was not probed: "tributary probe" finds out what its documents leave open.';
  const said = probed.answers.map(({ question, answer }) => `${question} ${answer}`).join(', ');
  return `The destination was probed at ${probed.probedAt}: ${said}.`;
}
