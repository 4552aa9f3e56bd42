// `tributary token`: named tokens with roles, for people and programs; and `tributary audit`: what was done with them.
import type { Command } from 'commander';
import type { z } from 'zod';
import { auditShape, newTokenShape, roles, tokensShape } from '../contract/access.ts';
import { counted, iso } from '../words.ts';
import { answer, type Cli } from './cli.ts';
import { UsageError } from './errors.ts';
import { addLimit, moreSentence, readUpTo } from './pages.ts';
import { withClient } from './reach.ts';
import { print, printError, table } from './terminal.ts';

const aboutRoles = `Roles: a viewer reads everything except values of customers, which are masked; an operator also triggers, pauses, retries,
releases and pins, and exports files; an admin also erases customers, withdraws sources, connects vendors, and makes tokens.`;

export function defineTokenCreate(command: Command, cli: Cli): void {
  command
    .argument('<name>', 'whose it is; the audit names it')
    .requiredOption('--role <role>', roles.join(', '))
    .option('--days <n>', 'the number of days for which it is valid. Default: until it is revoked')
    .addHelpText(
      'after',
      `
${aboutRoles}

Examples:
  $ tributary token create anna --role operator
  $ tributary token create grafana --role viewer --days 365`,
    )
    .action((name: string, { role, days }: { role: string; days?: string }) =>
      withClient(cli, async (client) => {
        const known = roles.find((one) => one === role);
        if (known === undefined) throw new UsageError(`--role is one of ${roles.join(', ')}, not ${role}.`);
        if (days !== undefined && !/^[1-9]\d{0,3}$/.test(days))
          throw new UsageError(`--days is a number of days from 1 to 3650, not ${days}.`);
        const wanted = { name, role: known, ...(days !== undefined && { days: Number(days) }) };
        const made = await client.send(newTokenShape, 'post', '/api/tokens', { body: wanted });
        const until = made.expiresAt === null ? 'until it is revoked' : `until ${iso(made.expiresAt)}`;
        const said = `The token of ${made.name}, ${made.role}, is valid ${until}. It is shown only now: keep it in a safe place.`;
        if (cli.json) return answer(cli, said, newTokenShape.encode(made));
        printError(cli.terminal, `${said}`);
        print(cli.terminal, made.token);
      }),
    );
}

export function defineTokenList(command: Command, cli: Cli): void {
  command.addHelpText('after', '\nExamples:\n  $ tributary token list').action(() =>
    withClient(cli, async (client) => {
      const found = await client.send(tokensShape, 'get', '/api/tokens');
      const said = `${counted(found.tokens.length, 'named token')}.`;
      if (cli.json) return answer(cli, said, tokensShape.encode(found).tokens);
      const none = 'There are no named tokens: TRIBUTARY_API_TOKEN alone opens this server.';
      print(cli.terminal, found.tokens.length === 0 ? none : tokensText(found.tokens));
    }),
  );
}

function tokensText(tokens: z.output<typeof tokensShape>['tokens']): string {
  const rows = tokens.map(({ name, role, createdAt, createdBy, expiresAt, lastUsedAt }) => [
    name,
    role,
    iso(createdAt),
    createdBy,
    expiresAt === null ? 'never' : iso(expiresAt),
    lastUsedAt === null ? 'never' : iso(lastUsedAt),
  ]);
  return table(['NAME', 'ROLE', 'CREATED', 'BY', 'EXPIRES', 'LAST USED'], rows);
}

export function defineTokenRevoke(command: Command, cli: Cli): void {
  command
    .argument('<name>', 'whose it is')
    .addHelpText('after', '\nExamples:\n  $ tributary token revoke anna')
    .action((name: string) =>
      withClient(cli, async (client) => {
        const left = await client.send(tokensShape, 'delete', '/api/tokens/{name}', { path: { name } });
        const said = `The token of ${name} is revoked.`;
        if (cli.json) answer(cli, said, tokensShape.encode(left).tokens);
        else print(cli.terminal, said);
      }),
    );
}

export function defineAudit(command: Command, cli: Cli): void {
  addLimit(command, 50)
    .option('--by <name>', 'only what was done with this token')
    .addHelpText(
      'after',
      `
Examples:
  $ tributary audit
  $ tributary audit --by anna --limit 10`,
    )
    .action(({ by, limit }: { by?: string; limit: number }) =>
      withClient(cli, async (client) => {
        const { items: entries, hasMore } = await readUpTo(limit, async ({ limit, cursor }) => {
          const query = { by, limit, cursor };
          const { entries, nextCursor } = await client.send(auditShape, 'get', '/api/audit', { query });
          return { items: entries, nextCursor };
        });
        const more = hasMore ? [moreSentence] : [];
        if (cli.json) {
          const said = [`${counted(entries.length, 'entry', 'entries')}.`, ...more].join(' ');
          return answer(cli, said, auditShape.encode({ entries, nextCursor: null }).entries);
        }
        if (entries.length === 0) return print(cli.terminal, 'Nothing was changed yet.');
        const rows = entries.map(({ at, by: who, role, action, targets, status }) => [
          iso(at),
          `${who} (${role})`,
          action,
          targets.join(' '),
          String(status),
        ]);
        const text = table(['AT', 'BY', 'ACTION', 'TARGET', 'STATUS'], rows);
        print(cli.terminal, [text, ...more].join('\n'));
      }),
    );
}
