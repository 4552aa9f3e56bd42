// `tributary write-backs`: what flows back to the vendors of sources, how far it is, and the exact bodies that would be sent.

import type { Command } from 'commander';
import { pausedShape } from '../contract/pause.ts';
import {
  customerWriteBacks,
  type WriteBackVendor,
  type WriteBackView,
  writeBackPage,
  writeBackStates,
  writeBacksShape,
  writeBackVerified,
} from '../contract/write-back.ts';
import { counted, iso, number } from '../words.ts';
import { answer, type Cli } from './cli.ts';
import type { Client } from './client.ts';
import { exitCodes, UsageError } from './errors.ts';
import { reach } from './reach.ts';
import { print, table } from './terminal.ts';

interface Options {
  state?: string;
  customer?: string;
  limit?: string;
  verify?: string;
  heal?: true;
  pause?: string | true;
  resume?: true;
}

export function defineWriteBacks(command: Command, cli: Cli): void {
  command
    .argument('[source]', 'only the vendor of this source, customer by customer')
    .option('--state <state>', `only write-backs in this state: ${writeBackStates.join(', ')}`)
    .option('--customer <sourceId>', 'one customer at every vendor')
    .option('--limit <n>', 'the number of customers to show. Default: 20')
    .option('--verify <n>', 'read this many customers back at the vendor and compare them')
    .option('--heal', 'with --verify: write again what differs')
    .option('--pause [reason]', 'pause writing to the vendor; the source is read on')
    .option('--resume', 'write to the vendor again, and at once what was put off')
    .addHelpText(
      'after',
      `
Examples:
  $ tributary write-backs
  $ tributary write-backs klaviyo --state waiting
  $ tributary write-backs --customer shop-1
  $ tributary write-backs klaviyo --verify 100 --heal
  $ tributary write-backs klaviyo --resume

Exit code 3: --verify found differences. Dead ones are listed and retried by "tributary problems dead-letters" and "tributary problems retry".`,
    )
    .action(async (source: string | undefined, options: Options) => {
      requireFitting(source, options);
      const { heal, resume } = options;
      const reached = await reach(cli, { work: heal === true || resume === true });
      try {
        await show(cli, reached.client, source, options);
      } finally {
        await reached.close();
      }
    });
}

function requireFitting(
  source: string | undefined,
  { state, customer, verify, heal, pause, resume }: Options,
): void {
  if (customer !== undefined && source !== undefined)
    throw new UsageError('Give a source or --customer, not both.');
  if ((state !== undefined || verify !== undefined) && source === undefined)
    throw new UsageError(
      '--state and --verify require a source: tributary write-backs klaviyo --state dead.',
    );
  if ((pause !== undefined || resume) && source === undefined)
    throw new UsageError('--pause and --resume require a source: tributary write-backs klaviyo --resume.');
  if (pause !== undefined && resume) throw new UsageError('--pause and --resume cannot be combined.');
  if (heal && verify === undefined) throw new UsageError('--heal is an option of --verify: give both.');
}

async function show(cli: Cli, client: Client, source: string | undefined, options: Options): Promise<void> {
  const { terminal } = cli;
  const { customer, state, limit = '20', verify, heal = false } = options;
  if (customer !== undefined) {
    const path = { sourceId: customer };
    const found = await client.send(customerWriteBacks, 'get', '/api/customers/{sourceId}/write-backs', {
      path,
    });
    if (cli.json)
      return answer(
        cli,
        `${counted(found.writeBacks.length, 'write-back')} of ${customer}.`,
        customerWriteBacks.encode(found).writeBacks,
      );
    return print(
      terminal,
      found.writeBacks.map(textOf).join('\n\n') || `Nothing flows back for ${customer}.`,
    );
  }
  if (source === undefined) {
    const found = await client.send(writeBacksShape, 'get', '/api/write-backs');
    if (cli.json)
      return answer(
        cli,
        `${counted(found.vendors.length, 'vendor')} written to.`,
        writeBacksShape.encode(found).vendors,
      );
    return print(terminal, vendorsText(found.vendors));
  }
  const path = { source };
  if (options.pause !== undefined || options.resume) {
    const body = typeof options.pause === 'string' ? { reason: options.pause } : {};
    const done = await (options.resume
      ? client.send(pausedShape, 'post', '/api/write-backs/{source}/resume', { path })
      : client.send(pausedShape, 'post', '/api/write-backs/{source}/pause', { path, body }));
    const said = `Writing to ${source} ${done.paused ? `is paused: ${done.paused.reason}` : 'is resumed'}.`;
    return cli.json ? answer(cli, said, pausedShape.encode(done)) : print(terminal, said);
  }
  if (verify !== undefined) {
    const body = { sample: Number(verify), heal };
    const found = await client.send(writeBackVerified, 'post', '/api/write-backs/{source}/verify', {
      path,
      body,
    });
    if (found.differences.length > 0 && !heal) cli.exitCode = exitCodes.differs;
    const lines = found.differences.map(
      ({ sourceId, attribute, acknowledged, found }) =>
        `${sourceId}: ${attribute} is ${JSON.stringify(found)}, acknowledged was ${JSON.stringify(acknowledged)}`,
    );
    const verdict = `${counted(found.compared, 'customer')} compared, ${found.missing} not found at the vendor, ${counted(found.differences.length, 'difference')}${heal ? `, ${found.healed} written again` : ''}.`;
    if (cli.json) return answer(cli, verdict, writeBackVerified.encode(found));
    return print(terminal, [...lines, verdict].join('\n'));
  }
  const found = await client.send(writeBackPage, 'get', '/api/write-backs/{source}', {
    path,
    query: { state, limit },
  });
  const more = found.nextCursor === null ? [] : ['There are more: raise --limit (at most 200).'];
  if (cli.json)
    return answer(
      cli,
      [`${counted(found.writeBacks.length, 'write-back')} to ${source}.`, ...more].join(' '),
      writeBackPage.encode(found).writeBacks,
    );
  print(
    terminal,
    [...found.writeBacks.map(textOf), ...more].join('\n\n') || `Nothing flows back to ${source}.`,
  );
}

function vendorsText(vendors: readonly WriteBackVendor[]): string {
  if (vendors.length === 0) return 'Nothing flows back: writeBack names no source.';
  const rows = vendors.map((one) => [
    one.source,
    number(one.delivered),
    number(one.waiting),
    number(one.unlinked),
    number(one.dead),
    one.lastDeliveredAt === null ? 'never' : iso(one.lastDeliveredAt),
  ]);
  const notes = vendors.flatMap(({ source, dryRun, paused, failing }) => [
    ...(dryRun ? [`${source} is a dry run: nothing is written. See "tributary write-backs ${source}".`] : []),
    ...(paused ? [`${source} is paused: ${paused.reason}`] : []),
    ...(failing !== null ? [`${source} does not answer: ${failing}`] : []),
  ]);
  return [table(['SOURCE', 'DELIVERED', 'WAITING', 'UNLINKED', 'DEAD', 'LAST'], rows), ...notes].join('\n');
}

function textOf({ source, sourceId, state, wanted, acknowledged, error, payload }: WriteBackView): string {
  return [
    `${sourceId} at ${source}: ${state}${error === null ? '' : `, ${error}`}`,
    `  wanted        ${JSON.stringify(wanted)}`,
    `  acknowledged  ${JSON.stringify(acknowledged)}`,
    ...(payload === null ? [] : [`  to be sent    ${JSON.stringify(payload)}`]),
  ].join('\n');
}
