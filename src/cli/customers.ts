// `tributary customers list` and `show`: who there is, and one of them with its records and its delivery.
import { type Command, Option } from 'commander';
import {
  type Customer,
  type CustomerLine,
  customerShape,
  customersShape,
  type DeliveryState,
  deliveryStates,
  peopleShape,
} from '../contract/customer.ts';
import { counted, iso } from '../words.ts';
import { answer, type Cli } from './cli.ts';
import type { Client } from './client.ts';
import { CommandError, exitCodes, UsageError } from './errors.ts';
import { addLimit, moreSentence, readUpTo } from './pages.ts';
import { withClient } from './reach.ts';
import { print, table } from './terminal.ts';

export function defineCustomersList(command: Command, cli: Cli): void {
  addLimit(command, 50)
    .argument(
      '[text]',
      'only those whose source ID, e-mail, telephone number or a word of whose name begins with it; or FIELD:VALUE',
    )
    .addOption(
      new Option('--state <state>', 'only those whose delivery is in this state').choices(deliveryStates),
    )
    .addHelpText(
      'after',
      `
Examples:
  $ tributary customers list
  $ tributary customers list anna
  $ tributary customers list --state dead
  $ tributary customers list metadata.plan:gold --limit 200 --json`,
    )
    .action((search: string | undefined, { limit, state }: { limit: number; state?: DeliveryState }) =>
      withClient(cli, async (client) => {
        const { items: customers, hasMore } = await readUpTo(limit, async ({ limit, cursor }) => {
          const query = { search, state, limit, cursor };
          const { customers, nextCursor } = await client.send(customersShape, 'get', '/api/customers', {
            query,
          });
          return { items: customers, nextCursor };
        });
        const more = hasMore ? [moreSentence] : [];
        if (cli.json) {
          const said = [`${counted(customers.length, 'customer')}.`, ...more].join(' ');
          return answer(cli, said, customersShape.encode({ customers, nextCursor: null }).customers);
        }
        if (customers.length === 0) return print(cli.terminal, 'No customer matches.');
        const head = ['CUSTOMER', 'NAME', 'E-MAIL', 'REVISION', 'DELIVERY', 'CHANGED'];
        print(cli.terminal, [table(head, customers.map(rowOf)), ...more].join('\n'));
      }),
    );
}

function rowOf({ sourceId, name, email, revision, state, orphaned, updatedAt }: CustomerLine): string[] {
  const delivery = [state ?? 'never due', ...(orphaned ? ['orphaned'] : [])].join(', ');
  return [sourceId, name ?? '', email ?? '', String(revision), delivery, iso(updatedAt)];
}

export function defineCustomersShow(command: Command, cli: Cli): void {
  command
    .argument('<id>', 'a source ID, else the ID of a record, else an e-mail address')
    .addHelpText(
      'after',
      `
Examples:
  $ tributary customers show 951
  $ tributary customers show anna@example.com --json

"tributary customers explain" says where each value comes from.`,
    )
    .action((id: string) =>
      withClient(cli, async (client) => {
        const sourceId = await sourceIdOf(client, id);
        const found = await client.send(customerShape, 'get', '/api/customers/{sourceId}', {
          path: { sourceId },
        });
        if (cli.json) answer(cli, headOf(found), customerShape.encode(found));
        else print(cli.terminal, textOf(found));
      }),
    );
}

async function sourceIdOf(client: Client, id: string): Promise<string> {
  const { people } = await client.send(peopleShape, 'get', '/api/people', { query: { id } });
  const [first, ...others] = people;
  if (!first)
    throw new CommandError(`No customer has the source ID, record ID or e-mail "${id}".`, exitCodes.notFound);
  if (others.length === 0) return first.sourceId;
  const list = people.map(({ sourceId, by }) => `${sourceId} (${by})`).join(', ');
  throw new UsageError(`${id} may mean several customers: ${list}. Name one by its source ID.`);
}

function headOf({ sourceId, revision, orphaned, createdAt, updatedAt }: Customer): string {
  const without = orphaned ? ' No record belongs to it any longer.' : '';
  return `Customer ${sourceId} is at revision ${revision}, created ${iso(createdAt)}, changed ${iso(updatedAt)}.${without}`;
}

function textOf(customer: Customer): string {
  const { fields, delivery, acknowledged, records } = customer;
  // What is empty and was never sent is as it should be.
  const holds = (value: unknown, field: string) =>
    acknowledged && JSON.stringify(acknowledged.fields[field] ?? null) === JSON.stringify(value)
      ? 'yes'
      : 'no';
  const values = Object.entries(fields).map(([field, value]) => [
    field,
    JSON.stringify(value),
    holds(value, field),
  ]);
  const rows = records.map(({ source, stream, recordId, changedAt, deleted, filtered }) => [
    source,
    stream,
    recordId,
    iso(changedAt),
    deleted ? 'deleted' : (filtered ?? ''),
  ]);
  return [
    headOf(customer),
    ...(delivery ? [deliverySentence(delivery)] : []),
    '',
    table(['FIELD', 'VALUE', 'ACKNOWLEDGED'], values),
    '',
    table(['SOURCE', 'STREAM', 'RECORD', 'CHANGED', ''], rows),
  ].join('\n');
}

function deliverySentence(delivery: NonNullable<Customer['delivery']>): string {
  const { state, revision, dueAt, attempts, error } = delivery;
  const due = state === 'waiting' && dueAt !== null ? `, due ${iso(dueAt)}` : '';
  const tried = error === null ? '' : ` After ${counted(attempts, 'attempt')}: ${error}`;
  return `Revision ${revision}: ${state}${due}.${tried}`;
}
