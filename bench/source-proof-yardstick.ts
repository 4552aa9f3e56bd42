// The yardstick of a source proof: the SDK's plain loop over the list of contacts, which compares nothing. It prints how long it took.
import { Agent } from 'node:http';
import { parseArgs } from 'node:util';
import { Client } from '@hubspot/api-client';

const { values: options } = parseArgs({ options: { hubspot: { type: 'string', default: '' } } });

const hubspot = new Client({
  accessToken: 'bench',
  basePath: options.hubspot,
  limiterOptions: { minTime: 0, maxConcurrent: 10 },
  httpAgent: new Agent({ keepAlive: true }),
});

const begun = performance.now();

let listed = 0;

let calls = 0;

for (let after: string | undefined; ; ) {
  const page = await hubspot.crm.contacts.basicApi.getPage(100, after, ['lastmodifieddate']);
  calls += 1;
  listed += page.results.length;
  after = page.paging?.next?.after;
  if (after === undefined) break;
}

console.log(JSON.stringify({ listed, calls, listMs: Math.round(performance.now() - begun) }));
