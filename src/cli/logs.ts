// `tributary logs`: the newest lines of the log of the running server, and those that follow.
import { type Command, InvalidArgumentError, Option } from 'commander';
import { type LogLine, type LogPage, logLevels, logShape } from '../contract/log.ts';
import { counted, iso } from '../words.ts';
import { answer, type Cli } from './cli.ts';
import type { Client } from './client.ts';
import { exitCodes } from './errors.ts';
import { reachServer } from './reach.ts';
import { listenForStop } from './signals.ts';
import { print, printable, printableJson } from './terminal.ts';

const askEveryMs = 1_000;

interface Options {
  follow?: true;
  level: string;
  limit: number;
}

export function defineLogs(command: Command, cli: Cli): void {
  command
    .option('-f, --follow', 'go on until Ctrl-C; with --json: one JSON object a line')
    .addOption(
      new Option('--level <level>', 'only lines of this level or a worse one')
        .choices(logLevels)
        .default('trace'),
    )
    .option('--limit <n>', 'the number of lines to begin with, at most 200', lineCount, 50)
    .addHelpText(
      'after',
      `
Examples:
  $ tributary logs -f
  $ tributary logs --level warn --limit 200
  $ tributary logs -f --json | jq 'select(.fields.source == "hubspot")'

The server keeps its newest 1,000 lines in memory. Of several workers it is the one that answers.`,
    )
    .action(async (options: Options) => {
      const client = await reachServer(cli);
      const page = await ask(client, options);
      const { lines } = page;
      if (!options.follow) {
        if (cli.json) return answer(cli, `${counted(lines.length, 'line')}.`, logShape.encode(page).lines);
        for (const line of lines) print(cli.terminal, sentenceOf(line));
        return;
      }
      const stop = listenForStop(cli.clock, () => process.exit(exitCodes.failed));
      try {
        await follow(cli, client, { page, options, stop: stop.signal });
      } finally {
        stop.release();
      }
    });
}

function lineCount(value: string): number {
  if (!/^\d{1,3}$/.test(value) || Number(value) < 1 || Number(value) > 200)
    throw new InvalidArgumentError('Write a number from 1 to 200.');
  return Number(value);
}

async function ask(client: Client, { level, limit }: Options, cursor?: number): Promise<LogPage> {
  return client.send(logShape, 'get', '/api/logs', { query: { level, limit, cursor } });
}

async function follow(
  cli: Cli,
  client: Client,
  { page, options, stop }: { page: LogPage; options: Options; stop: AbortSignal },
): Promise<void> {
  const out = cli.json ? cli.lines() : cli.terminal.out;
  const gone = new AbortController();
  // Whoever read it has gone (`| head`): a standard output tells so by this alone.
  out.once('error', () => gone.abort());
  const ended = AbortSignal.any([stop, gone.signal]);
  for (let { lines, nextCursor } = page; ; ) {
    for (const line of lines)
      out.write(
        `${cli.json ? printableJson(logShape.shape.lines.element.encode(line)) : printable(sentenceOf(line))}\n`,
      );
    await cli.clock.sleep(askEveryMs, ended);
    if (ended.aborted) return;
    ({ lines, nextCursor } = await ask(client, { ...options, limit: 200 }, nextCursor ?? undefined));
  }
}

/** `2026-03-01T12:00:00.000Z warn  hubspot: message (run 12)` */
function sentenceOf({ at, level, message, fields: { source, endpoint, err, ...rest } }: LogLine): string {
  const who = source ?? endpoint;
  const cause = (err as { message?: string } | undefined)?.message;
  const more = Object.entries(rest).map(
    ([key, value]) => `${key} ${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  const said = [
    ...(who === undefined ? [] : [String(who)]),
    message,
    ...(cause === undefined ? [] : [cause]),
  ];
  const tail = more.length > 0 ? ` (${more.join(', ')})` : '';
  return `${iso(at)} ${level.padEnd(5)} ${said.join(': ')}${tail}`;
}
