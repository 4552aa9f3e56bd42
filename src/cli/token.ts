// `tributary token`: named tokens with roles, for people and programs; and `tributary audit`: what was done with them.
import type { Command } from 'commander';
import { auditShape, newTokenShape, roles, tokensShape } from '../contract/access.ts';
import { iso } from '../words.ts';
import type { Cli } from './cli.ts';
import { UsageError } from './errors.ts';
import { withClient } from './reach.ts';
import { print, printAnswer, table } from './terminal.ts';

export function addToken(program: Command, cli: Cli): void {
  const token = program
    .command('token')
    .description('Make, list and revoke named tokens for the API, the pages and this command line.')
    .addHelpText(
      'after',
      `
Roles: a viewer reads everything except values of customers, which are masked; an operator also triggers, pauses, retries, releases and
pins, and exports files; an admin also erases customers, withdraws sources, connects vendors, and makes tokens.

Examples:
  $ tributary token create anna --role operator
  $ tributary token create grafana --role viewer --days 365
  $ tributary token list
  $ tributary token revoke anna`,
    );
  token
    .command('create')
    .description('Make a token. It is printed once; only a hash of it is kept.')
    .argument('<name>', 'whose it is; the audit names it')
    .requiredOption('--role <role>', roles.join(', '))
    .option('--days <n>', 'the number of days for which it is valid. Default: until it is revoked')
    .option('--json', 'print the answer as JSON')
    .action((name: string, { role, days, json }: { role: string; days?: string; json?: true }) =>
      withClient(cli, async (client) => {
        if (!roles.some((one) => one === role))
          throw new UsageError(`--role is one of ${roles.join(', ')}, not ${role}.`);
        if (days !== undefined && !/^[1-9]\d{0,3}$/.test(days))
          throw new UsageError(`--days is a number of days from 1 to 3650, not ${days}.`);
        const wanted = { name, role, ...(days !== undefined && { days: Number(days) }) };
        const made = await client.send(newTokenShape, '/api/tokens', { json: wanted });
        if (json) return printAnswer(cli.terminal, newTokenShape, made);
        const until = made.expiresAt === null ? 'until it is revoked' : `until ${iso(made.expiresAt)}`;
        cli.terminal.err.write(
          `The token of ${made.name}, ${made.role}, is valid ${until}. It is shown only now: keep it in a safe place.\n`,
        );
        print(cli.terminal, made.token);
      }),
    );
  token
    .command('list')
    .description('List the named tokens.')
    .option('--json', 'print the answer as JSON')
    .action(({ json }: { json?: true }) =>
      withClient(cli, async (client) => {
        const found = await client.send(tokensShape, '/api/tokens');
        if (json) return printAnswer(cli.terminal, tokensShape, found);
        if (found.tokens.length === 0)
          return print(
            cli.terminal,
            'There are no named tokens: TRIBUTARY_API_TOKEN alone opens this server.',
          );
        print(
          cli.terminal,
          table(
            ['Name', 'Role', 'Created', 'By', 'Expires', 'Last used'],
            found.tokens.map(({ name, role, createdAt, createdBy, expiresAt, lastUsedAt }) => [
              name,
              role,
              iso(createdAt),
              createdBy,
              expiresAt === null ? 'never' : iso(expiresAt),
              lastUsedAt === null ? 'never' : iso(lastUsedAt),
            ]),
          ),
        );
      }),
    );
  token
    .command('revoke')
    .description('Revoke a token. Its sessions end too, at other workers within 5 seconds.')
    .argument('<name>', 'whose it is')
    .action((name: string) =>
      withClient(cli, async (client) => {
        await client.send(tokensShape, `/api/tokens/${encodeURIComponent(name)}`, { method: 'DELETE' });
        print(cli.terminal, `The token of ${name} is revoked.`);
      }),
    );
}

export function addAudit(program: Command, cli: Cli): void {
  program
    .command('audit')
    .description('Show who changed what, newest first.')
    .option('--by <name>', 'only what was done with this token')
    .option('--limit <n>', 'the number of entries to show, at most 200. Default: 50')
    .option('--json', 'print the answer as JSON')
    .addHelpText(
      'after',
      `
Examples:
  $ tributary audit
  $ tributary audit --by anna --limit 10`,
    )
    .action(({ by, limit, json }: { by?: string; limit?: string; json?: true }) =>
      withClient(cli, async (client) => {
        const found = await client.send(auditShape, '/api/audit', { query: { by, limit } });
        if (json) return printAnswer(cli.terminal, auditShape, found);
        if (found.entries.length === 0) return print(cli.terminal, 'Nothing was changed yet.');
        const rows = found.entries.map(({ at, by: who, role, action, targets, status }) => [
          iso(at),
          `${who} (${role})`,
          action,
          targets.join(' '),
          String(status),
        ]);
        print(cli.terminal, table(['At', 'By', 'Action', 'Target', 'Status'], rows));
      }),
    );
}
