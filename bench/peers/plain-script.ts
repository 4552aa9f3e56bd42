// What most people write first with both vendors' official SDKs, as their examples show: read a page, send one customer
// after the other, read the next page. It remembers nothing, and what the SDKs do about failures is all that is done.
import { parseArgs } from 'node:util';
import { Client } from '@hubspot/api-client';
import { customerOf, properties } from '../customer-of.ts';
import { voucherifyAt } from '../sdk.ts';

const { values: options } = parseArgs({
  options: { hubspot: { type: 'string', default: '' }, voucherify: { type: 'string', default: '' } },
});

const hubspot = new Client({ accessToken: process.env['HUBSPOT_TOKEN'] ?? '', basePath: options.hubspot });
const voucherify = voucherifyAt(options.voucherify);

// The SDK's types do not admit null, which is how the API clears a value.
type Body = Parameters<typeof voucherify.customers.create>[0];

let after: string | undefined;
do {
  const page = await hubspot.crm.contacts.basicApi.getPage(100, after, properties);
  for (const contact of page.results)
    await voucherify.customers.create(customerOf(contact.id, contact.properties) as unknown as Body);
  after = page.paging?.next?.after;
} while (after !== undefined);
