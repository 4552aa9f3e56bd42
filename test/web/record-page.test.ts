import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { close } from '../../connectors/close.ts';
import { settings as dynamicsSettings } from '../../connectors/dynamics/settings.ts';
import { dynamics } from '../../connectors/dynamics.ts';
import { hubspot } from '../../connectors/hubspot.ts';
import { klaviyo } from '../../connectors/klaviyo.ts';
import { mailchimp } from '../../connectors/mailchimp.ts';
import { pipedrive } from '../../connectors/pipedrive.ts';
import { recordPage as salesforcePage } from '../../connectors/salesforce/people.ts';
import type { Settings } from '../../connectors/salesforce/settings.ts';
import { shopify } from '../../connectors/shopify.ts';
import { type Connector, defineConnector, type JsonObject } from '../../src/connector.ts';
import { recordPageOf } from '../../src/web/record-page.ts';
import { behaviour } from '../support/databases.ts';
import { takeIn } from './seed.ts';
import { apiToken, openWorld, type World } from './world.ts';

/** A vendor whose addresses are what the ID of a record says. */
const linked = defineConnector({
  name: 'linked',
  settings: z.strictObject({}),
  source: {
    sourceId: 'id',
    mapping: { name: 'name' },
    streams: [{ name: 'people', pull: async () => ({ records: [], cursor: null, done: true }) }],
    recordPage: (_settings, { recordId }) => recordId,
  },
});

let world: World;
let cookie: string;

beforeAll(async () => {
  world = await openWorld(await behaviour[0].open(), {
    sources: { crm: { connector: 'linked' } },
    connectors: [linked],
  });
  const response = await world.app.request('/login', {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'same-origin' },
    body: `token=${apiToken}`,
  });
  cookie = response.headers.get('set-cookie')!.split(';')[0]!;
});
afterAll(() => world.close());

it('A record is linked to the page of its vendor, by https only, and nothing breaks out of the address', async () => {
  const ids = [
    'https://vendor.example/contact/1',
    'http://vendor.example/contact/2',
    'javascript:alert(1)',
    'https://vendor.example/"onmouseover="alert(1)',
  ];
  await takeIn(
    world,
    ids.map((id) => ({ id })),
  );
  const links = [];
  for (const id of ids) {
    const page = await (
      await world.app.request(`/customers/${encodeURIComponent(id)}`, { headers: { cookie } })
    ).text();
    links.push(
      /<a href="([^"]*)" target="_blank" rel="noopener noreferrer">open in linked<\/a>/.exec(page)?.[1],
    );
    expect(page).not.toMatch(/"onmouseover="/);
  }
  expect(links).toEqual([
    'https://vendor.example/contact/1',
    undefined,
    undefined,
    'https://vendor.example/&quot;onmouseover=&quot;alert(1)',
  ]);
});

it('Salesforce and Dynamics give the addresses that their documents describe', () => {
  const salesforce = (baseUrl: string, stream: string) =>
    salesforcePage({ baseUrl } as Settings, { stream, recordId: '003xx000004TmiQAAS' });
  expect(salesforce('https://acme.my.salesforce.com', 'contacts')).toBe(
    'https://acme.lightning.force.com/lightning/r/Contact/003xx000004TmiQAAS/view',
  );
  expect(salesforce('https://acme--uat.sandbox.my.salesforce.com', 'personAccounts')).toBe(
    'https://acme--uat.sandbox.lightning.force.com/lightning/r/Account/003xx000004TmiQAAS/view',
  );
  expect(salesforce('https://login.salesforce.com', 'contacts')).toBeNull();
  expect(salesforce('https://acme.my.salesforce.com', 'others')).toBeNull();
  const given = dynamicsSettings.parse({
    baseUrl: 'https://acme.crm4.dynamics.com',
    tenantId: 'acme',
    app: { clientId: 'client', clientSecret: 'secret' },
  });
  expect(recordPageOf(dynamics, given, { stream: 'contacts', recordId: 'a-b', body: {} })).toBe(
    'https://acme.crm4.dynamics.com/main.aspx?pagetype=entityrecord&etn=contact&id=a-b',
  );
});

/** Where a connector shows a record; `given`: its settings, as a file would hold them. */
function pageOf(
  connector: Connector,
  given: object,
  record: { recordId: string; body?: JsonObject },
): string | null {
  const { settings, source } = connector;
  return recordPageOf(connector, settings.parse(given), {
    stream: source!.streams[0]!.name,
    body: {},
    ...record,
  });
}

it('Others are linked where their documents give the address and its parts are known', () => {
  const contact = { recordId: '951' };
  expect(pageOf(hubspot, { accessToken: 'token', portalId: '62515' }, contact)).toBe(
    'https://app.hubspot.com/contacts/62515/record/0-1/951',
  );
  expect(pageOf(klaviyo, { apiKey: 'pk_key' }, { recordId: '01HXYZ' })).toBe(
    'https://www.klaviyo.com/profile/01HXYZ',
  );
  expect(pageOf(shopify, { shop: 'Acme', accessToken: 'token' }, contact)).toBe(
    'https://admin.shopify.com/store/acme/customers/951',
  );
  expect(pageOf(pipedrive, { apiToken: 'token', baseUrl: 'https://acme.pipedrive.com' }, contact)).toBe(
    'https://acme.pipedrive.com/person/951',
  );
  expect(pageOf(close, { apiKey: 'key' }, { recordId: 'cont_1', body: { lead_id: 'lead_2' } })).toBe(
    'https://app.close.com/lead/lead_2/',
  );
  expect(
    pageOf(mailchimp, { apiKey: 'key-us19', listId: 'list' }, { recordId: 'c', body: { web_id: 11 } }),
  ).toBe('https://us19.admin.mailchimp.com/lists/members/view?id=11');
});

it('A part that is not known, or an API elsewhere, makes no link instead of a wrong one', () => {
  const elsewhere = { baseUrl: 'http://127.0.0.1:9' };
  const record = { recordId: '1', body: { lead_id: 'lead_2', web_id: 11 } };
  expect([
    pageOf(hubspot, { accessToken: 'token' }, record),
    pageOf(hubspot, { accessToken: 'token', portalId: '62515', ...elsewhere }, record),
    pageOf(klaviyo, { apiKey: 'pk_key', ...elsewhere }, record),
    pageOf(shopify, { shop: 'acme', accessToken: 'token', ...elsewhere }, record),
    pageOf(pipedrive, { apiToken: 'token' }, record),
    pageOf(close, { apiKey: 'key', ...elsewhere }, record),
    pageOf(close, { apiKey: 'key' }, { recordId: '1' }),
    pageOf(mailchimp, { apiKey: 'key-us19', listId: 'list', ...elsewhere }, record),
    pageOf(mailchimp, { apiKey: 'key-us19', listId: 'list' }, { recordId: '1' }),
  ]).toEqual(Array(9).fill(null));
});
