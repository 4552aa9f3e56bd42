// `tributary customers pin` and `tributary customers unpin`: a value set by hand, which wins until it is released.

import type { Command } from 'commander';
import type { z } from 'zod';
import { parseJson } from '../connector/json.ts';
import { pinShape, unpinnedShape } from '../contract/pin.ts';
import type { Cli } from './cli.ts';
import type { Client } from './client.ts';
import { runAndWait } from './errand.ts';
import { UsageError } from './errors.ts';
import { print } from './terminal.ts';

interface Options {
  note?: string;
  asJson?: true;
}

export function definePin(command: Command, cli: Cli): void {
  command
    .argument('<id>', 'the source ID of the customer')
    .argument('<field>', 'such as email or metadata.plan')
    .argument('<value>', 'normalised and typed as a mapped value of the field would be')
    .option('--note <text>', 'the reason; "tributary customers explain" shows it')
    .option('--as-json', 'the value is JSON: a number, true, a list, or null to empty the field')
    .addHelpText(
      'after',
      `
Examples:
  $ tributary customers pin 951 email anna@example.com --note "she rang us"
  $ tributary customers pin 951 metadata.points 250 --as-json
  $ tributary customers pin 951 phone null --as-json`,
    )
    .action((id: string, field: string, text: string, { note, asJson }: Options) => {
      const value = asJson ? parsed(text) : text;
      const path = { sourceId: id, field };
      return tell(cli, pinShape, (client) =>
        client.send(pinShape, 'put', pinPath, { path, body: { value, note } }),
      );
    });
}

export function defineUnpin(command: Command, cli: Cli): void {
  command
    .argument('<id>', 'the source ID of the customer')
    .argument('<field>', 'the field that is pinned')
    .addHelpText(
      'after',
      `
Examples:
  $ tributary customers unpin 951 email`,
    )
    .action((id: string, field: string) =>
      tell(cli, unpinnedShape, (client) =>
        client.send(unpinnedShape, 'delete', pinPath, { path: { sourceId: id, field } }),
      ),
    );
}

const pinPath = '/api/customers/{sourceId}/pins/{field}';

/** A pin, or what was one: then it has no value. */
type Changed = { sourceId: string; field: string; value?: unknown; revision: number | null };

/** Where no server runs, what came of it is delivered before the command ends. */
function tell<Shape extends z.ZodType<Changed>>(
  cli: Cli,
  shape: Shape,
  change: (client: Client) => Promise<z.output<Shape>>,
): Promise<void> {
  return runAndWait(cli, { wait: false }, async (client) => {
    const done = await change(client);
    const summary = sentence(done);
    if (!cli.json) print(cli.terminal, summary);
    return { runs: [], summary, more: shape.encode(done) as object };
  });
}

function sentence({ sourceId, field, value, revision }: Changed): string {
  const what = value === undefined ? `is unpinned` : `is pinned to ${JSON.stringify(value)}`;
  const came =
    revision === null
      ? 'Nothing changes'
      : `The customer is now at revision ${revision} and is queued for delivery`;
  return `${field} of customer ${sourceId} ${what}. ${came}.`;
}

function parsed(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    throw new UsageError(`"${text}" is not JSON. Omit --as-json for text.`);
  }
}
