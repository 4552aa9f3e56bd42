// `tributary customers export`: customers as a CSV file that Voucherify and our own import take. It streams: a page at a time.

import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import type { Writable } from 'node:stream';
import { type Command, Option } from 'commander';
import type { Json } from '../connector.ts';
import { type ExportedCustomer, exportShape } from '../contract/customer.ts';
import { fieldFault, standardFields } from '../customer/fields.ts';
import { csvRow } from '../web/csv.ts';
import { counted, iso } from '../words.ts';
import { answer, type Cli } from './cli.ts';
import type { Client } from './client.ts';
import { CommandError, UsageError } from './errors.ts';
import { reach } from './reach.ts';
import { printable, printError } from './terminal.ts';
import { timeOf } from './times.ts';

interface Options {
  fields?: string;
  filter: string[];
  changedSince?: string;
  output?: string;
  format: 'csv' | 'jsonl';
  raw?: true;
}

/** How Voucherify's import names its columns (reference: CSV import of customers). */
const importNames: { readonly [field: string]: string } = {
  source_id: 'Source_id',
  name: 'Name',
  email: 'Email',
  phone: 'Phone',
  birthdate: 'Birthdate',
  description: 'Description',
  'address.line_1': 'Address_line_1',
  'address.line_2': 'Address_line_2',
  'address.postal_code': 'Address_Postal_Code',
  'address.city': 'Address_City',
  'address.state': 'Address_State',
  'address.country': 'Address_Country',
};

/** Besides a customer's fields. */
const ownColumns = ['source_id', 'updated_at'];

export function defineExport(command: Command, cli: Cli): void {
  command
    .option(
      '--fields <names>',
      'columns, comma-separated: name, email, address.city, metadata.plan, source_id, updated_at',
    )
    .option(
      '--filter <field=value>',
      'only customers with this value; if repeated, all must match',
      collect,
      [],
    )
    .option(
      '--changed-since <time>',
      'only customers whose fields changed since, ISO 8601: 2026-03-01 or 2026-03-01T09:30:00Z',
    )
    .option('-o, --output <file>', 'write to this file instead of the standard output')
    .addOption(
      new Option('--format <format>', 'csv, or jsonl: one JSON object a line')
        .choices(['csv', 'jsonl'])
        .default('csv'),
    )
    .option('--raw', 'omit the apostrophe before cells that a spreadsheet would evaluate; for programs')
    .addHelpText(
      'after',
      `
Without --fields, CSV has the columns of Voucherify's import, and JSON lines have every field. With --fields, only those
fields are written. Times are ISO 8601 in UTC. A list is one cell of comma-separated values. A field without a value is
empty.

A cell that starts with =, +, - or @ (also as a full-width character, or after white space) is prefixed with an
apostrophe, so that spreadsheets do not evaluate it as a formula: '+48600100200. "tributary import" removes the
apostrophe. Use --raw for a file that a program reads, such as Voucherify's own import.

Examples:
  $ tributary customers export -o customers.csv
  $ tributary customers export --format jsonl | jq .fields.email
  $ tributary customers export --fields source_id,email,metadata.plan --filter metadata.plan=gold
  $ tributary customers export --changed-since 2026-03-01T00:00:00Z --raw -o for-voucherify.csv`,
    )
    .action((options: Options) => exportCustomers(cli, options));
}

function collect(value: string, before: string[]): string[] {
  return [...before, value];
}

async function exportCustomers(cli: Cli, options: Options): Promise<void> {
  if (cli.json && options.output === undefined)
    throw new UsageError(
      'With --json the standard output holds one object: name a file for the customers with --output, or write JSON lines with --format jsonl.',
    );
  const columns = columnsOf(options.fields);
  const named = columns.filter((column) => !ownColumns.includes(column)).join(',');
  const query = {
    changedSince: options.changedSince === undefined ? undefined : timeOf(options.changedSince),
    filter: filterOf(options.filter),
    fields: options.fields === undefined || named === '' ? undefined : named,
  };
  const reached = await reach(cli, { work: false });
  try {
    const out = options.output === undefined ? cli.terminal.out : await openFile(options.output);
    const write = writerTo(out, options.output);
    const rows = rowWriter(options, columns);
    // A file and a program get every character; a terminal would obey some.
    const shown = options.output === undefined && cli.terminal.outIsTerminal ? printable : String;
    let written = 0;
    if (rows.head !== null) await write(shown(rows.head));
    for await (const customers of pages(reached.client, query)) {
      await write(shown(customers.map(rows.row).join('')));
      written += customers.length;
    }
    if (options.output === undefined) return;
    await write(null);
    const said = `${counted(written, 'customer')} written to ${options.output}.`;
    if (cli.json) answer(cli, said, { customers: written, file: options.output });
    else printError(cli.terminal, `${said}`);
  } finally {
    await reached.close();
  }
}

async function* pages(
  client: Client,
  query: { changedSince: string | undefined; filter: string | undefined; fields: string | undefined },
): AsyncGenerator<ExportedCustomer[]> {
  let cursor: string | undefined;
  for (;;) {
    const page = await client.send(exportShape, 'get', '/api/export', {
      query: { ...query, cursor, limit: 1000 },
    });
    if (page.customers.length > 0) yield page.customers;
    if (page.nextCursor === null) return;
    cursor = page.nextCursor;
  }
}

function rowWriter({ format, raw, fields }: Options, columns: readonly string[]) {
  if (format === 'jsonl') {
    const kept = fields === undefined ? null : columns;
    return { head: null, row: (customer: ExportedCustomer) => `${jsonOf(customer, kept)}\n` };
  }
  const head = columns.map((column) => (fields === undefined ? (importNames[column] ?? column) : column));
  return {
    head: csvRow(head, raw),
    row: (customer: ExportedCustomer) =>
      csvRow(
        columns.map((column) => cellOf(customer, column)),
        raw,
      ),
  };
}

/** `columns`: null for all. What was not asked for is not in it. */
function jsonOf({ sourceId, fields, updatedAt }: ExportedCustomer, columns: readonly string[] | null) {
  if (columns === null) return JSON.stringify({ sourceId, fields, updatedAt: iso(updatedAt) });
  return JSON.stringify({
    ...(columns.includes('source_id') && { sourceId }),
    fields: Object.fromEntries(Object.entries(fields).filter(([field]) => columns.includes(field))),
    ...(columns.includes('updated_at') && { updatedAt: iso(updatedAt) }),
  });
}

function cellOf({ sourceId, fields, updatedAt }: ExportedCustomer, column: string): string {
  if (column === 'source_id') return sourceId;
  if (column === 'updated_at') return iso(updatedAt);
  return textOf(fields[column] ?? null);
}

/** As Voucherify's import takes it: a list in one cell, an object as JSON. */
function textOf(value: Json): string {
  if (value === null) return '';
  if (Array.isArray(value) && value.every((item) => typeof item !== 'object')) return value.join(',');
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function columnsOf(given: string | undefined): string[] {
  if (given === undefined) return ['source_id', ...standardFields];
  const columns = given.split(',').map((name) => name.trim());
  for (const column of columns) {
    const fault = ownColumns.includes(column) ? null : fieldFault(column);
    if (fault !== null)
      throw new UsageError(
        `--fields: ${column === '' ? 'there is an empty name between two commas.' : fault}`,
      );
  }
  return columns;
}

function filterOf(given: readonly string[]): string | undefined {
  if (given.length === 0) return undefined;
  const values: { [field: string]: string } = {};
  for (const entry of given) {
    const at = entry.indexOf('=');
    if (at < 1)
      throw new UsageError(`--filter ${entry}: write it as field=value, such as metadata.plan=gold.`);
    const field = entry.slice(0, at).trim();
    const fault = fieldFault(field);
    if (fault !== null) throw new UsageError(`--filter: ${fault}`);
    if (field in values)
      throw new UsageError(`--filter: ${field} is given twice, and no customer has two values of it.`);
    values[field] = entry.slice(at + 1);
  }
  return JSON.stringify(values);
}

async function openFile(path: string): Promise<Writable> {
  const file = createWriteStream(path);
  try {
    await once(file, 'open');
  } catch (error) {
    throw new UsageError(
      `Cannot write ${path}: ${(error as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no such folder' : (error as Error).message}.`,
    );
  }
  return file;
}

/** Null: that was all. Throws where it does not arrive: a standard output tells so by its event alone. */
function writerTo(out: Writable, path: string | undefined): (text: string | null) => Promise<void> {
  let fault: NodeJS.ErrnoException | null = null;
  out.on('error', (error) => {
    fault ??= error;
  });
  return async (text) => {
    if (text === null) await new Promise<void>((resolve) => out.once('close', resolve).end());
    else if (fault === null && !out.write(text)) await Promise.race([once(out, 'drain'), once(out, 'close')]);
    if (fault === null) return;
    if (fault.code === 'EPIPE') throw fault;
    throw new CommandError(
      `Writing to ${path ?? 'the standard output'} failed: ${fault.message}.`,
      undefined,
      {
        cause: fault,
      },
    );
  };
}
