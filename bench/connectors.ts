// How much work a connector is: a full reading of its simulated vendor, without network, quotas or database. The answers are
// recorded by a first reading and replayed to the second, so that its time is the connector's and the parser's alone.
import type { Hono } from 'hono';
import { activecampaign } from '../connectors/activecampaign.ts';
import { airship } from '../connectors/airship.ts';
import { attio } from '../connectors/attio.ts';
import { bigcommerce } from '../connectors/bigcommerce.ts';
import { brevo } from '../connectors/brevo.ts';
import { clevertap } from '../connectors/clevertap.ts';
import { close } from '../connectors/close.ts';
import { commercetools } from '../connectors/commercetools.ts';
import { copper } from '../connectors/copper.ts';
import { dynamics } from '../connectors/dynamics.ts';
import { emarsys } from '../connectors/emarsys.ts';
import { freshsales } from '../connectors/freshsales.ts';
import { http } from '../connectors/http.ts';
import { hubspot } from '../connectors/hubspot.ts';
import { infobip } from '../connectors/infobip.ts';
import { intercom } from '../connectors/intercom.ts';
import { klaviyo } from '../connectors/klaviyo.ts';
import { mailchimp } from '../connectors/mailchimp.ts';
import { ortto } from '../connectors/ortto.ts';
import { pipedrive } from '../connectors/pipedrive.ts';
import { salesforce } from '../connectors/salesforce.ts';
import { sfmc } from '../connectors/sfmc.ts';
import { shopify } from '../connectors/shopify.ts';
import { zoho } from '../connectors/zoho.ts';
import { createActivecampaignSimulator } from '../simulators/activecampaign.ts';
import { createAirshipSimulator } from '../simulators/airship.ts';
import { createAttioSimulator } from '../simulators/attio.ts';
import { createBigcommerceSimulator } from '../simulators/bigcommerce.ts';
import { createBrevoSimulator } from '../simulators/brevo.ts';
import { createClevertapSimulator } from '../simulators/clevertap.ts';
import { createCloseSimulator } from '../simulators/close.ts';
import { createCommercetoolsSimulator } from '../simulators/commercetools.ts';
import { createCopperSimulator } from '../simulators/copper.ts';
import { createDynamicsSimulator } from '../simulators/dynamics.ts';
import { createEmarsysSimulator } from '../simulators/emarsys.ts';
import { createFreshsalesSimulator, viewId } from '../simulators/freshsales.ts';
import { createHubSpotSimulator } from '../simulators/hubspot.ts';
import { createInfobipSimulator } from '../simulators/infobip.ts';
import { createIntercomSimulator } from '../simulators/intercom.ts';
import { createKlaviyoSimulator } from '../simulators/klaviyo.ts';
import { MailchimpSimulator } from '../simulators/mailchimp.ts';
import { createOrttoSimulator } from '../simulators/ortto.ts';
import { createPipedriveSimulator } from '../simulators/pipedrive.ts';
import { createSalesforceSimulator } from '../simulators/salesforce.ts';
import { createSfmcSimulator } from '../simulators/sfmc.ts';
import { createShopifySimulator } from '../simulators/shopify.ts';
import { createZohoSimulator } from '../simulators/zoho.ts';
import type { Connector, Context, Json } from '../src/connector.ts';
import { directApi } from '../test/support/direct-api.ts';
import { type Figure, median } from './figures.ts';

const records = 5_000;
const runs = 5;
const now = Date.parse('2026-11-02T08:00:00.000Z');
const token = 'a-token-of-the-bench';

interface Entry {
  connector: Connector;
  settings: object;
  /** The most records that the vendor puts on a page, by its documentation. */
  page: number;
  /** A vendor with so many records. */
  vendor(): Pick<Hono, 'request'>;
  /** Besides what the connector sends: what the engine would, of a token that it got. */
  headers?: { [name: string]: string };
}

const clock = { now: () => now };
const bearer = { authorization: `Bearer ${token}` };

function seeded<Simulator extends { app: Pick<Hono, 'request'>; seed(count: number): unknown }>(
  simulator: Simulator,
): Simulator['app'] {
  simulator.seed(records);
  return simulator.app;
}

const salesforceSettings = {
  baseUrl: 'https://acme.my.salesforce.com',
  clientCredentials: { clientId: 'client', clientSecret: 'secret' },
};
const commercetoolsSettings = { projectKey: 'acme', clientId: 'client', clientSecret: 'secret' };
const copperKey = { apiKey: token, userEmail: 'admin@example.com' };
const dynamicsSettings = {
  baseUrl: 'https://acme.crm4.dynamics.com',
  tenantId: 'acme',
  app: { clientId: 'client', clientSecret: 'secret' },
};
const mailchimpSettings = { apiKey: '0123456789abcdef0123456789abcdef-us19', listId: 'a1b2c3d4e5' };

const entries: readonly Entry[] = [
  {
    connector: activecampaign,
    settings: { apiKey: token, baseUrl: 'https://activecampaign.example.com' },
    page: 100,
    headers: { 'api-token': token },
    vendor: () => seeded(createActivecampaignSimulator({ ...clock, apiKey: token })),
  },
  {
    connector: airship,
    settings: { appKey: token, masterSecret: 'secret' },
    page: 100,
    headers: { authorization: `Basic ${btoa(`${token}:secret`)}` },
    vendor: () => seeded(createAirshipSimulator({ ...clock, appKey: token, masterSecret: 'secret' })),
  },
  {
    connector: attio,
    settings: { accessToken: token, baseUrl: 'https://attio.example.com' },
    page: 500,
    headers: bearer,
    vendor: () => seeded(createAttioSimulator({ ...clock, accessToken: token, webhookSecret: 'secret' })),
  },
  {
    connector: bigcommerce,
    settings: { storeHash: 'abc123', accessToken: token },
    page: 250,
    headers: { 'x-auth-token': token },
    vendor: () => seeded(createBigcommerceSimulator({ ...clock, accessToken: token, quota: false })),
  },
  {
    connector: brevo,
    settings: { apiKey: token, baseUrl: 'https://brevo.example.com' },
    page: 1_000,
    headers: { 'api-key': token },
    vendor: () => seeded(createBrevoSimulator({ ...clock, apiKey: token })),
  },
  {
    connector: clevertap,
    settings: { accountId: 'ABC-123-456Z', passcode: token },
    page: 5_000,
    vendor() {
      const simulator = createClevertapSimulator({ ...clock, accountId: 'ABC-123-456Z', passcode: token });
      for (let count = 0; count < records; count += 1) simulator.create();
      return simulator.app;
    },
  },
  {
    connector: close,
    settings: { apiKey: 'api_bench', baseUrl: 'https://close.example.com' },
    page: 200,
    headers: { authorization: `Basic ${btoa('api_bench:')}` },
    vendor: () => seeded(createCloseSimulator({ ...clock, apiKey: 'api_bench' })),
  },
  {
    connector: commercetools,
    settings: commercetoolsSettings,
    page: 500,
    headers: bearer,
    vendor: () => seeded(createCommercetoolsSimulator({ ...clock, isLive: () => true })),
  },
  {
    connector: copper,
    settings: { ...copperKey, baseUrl: 'https://copper.example.com' },
    page: 200,
    headers: { 'x-pw-accesstoken': copperKey.apiKey },
    vendor: () => seeded(createCopperSimulator({ ...clock, ...copperKey })),
  },
  {
    connector: dynamics,
    settings: dynamicsSettings,
    page: 5_000,
    headers: bearer,
    vendor: () => {
      const { app, environment } = createDynamicsSimulator({ ...clock, accessToken: token });
      environment.seed(records);
      return app;
    },
  },
  {
    connector: emarsys,
    settings: { clientId: 'client', clientSecret: 'secret' },
    page: 1_000,
    headers: bearer,
    vendor: () => seeded(createEmarsysSimulator(clock)),
  },
  {
    connector: freshsales,
    settings: { baseUrl: 'https://freshsales.example.com', apiKey: token, viewId },
    page: 100,
    headers: { authorization: `Token token=${token}` },
    vendor: () => seeded(createFreshsalesSimulator({ ...clock, apiKey: token })),
  },
  // Declared for the API of another vendor.
  {
    connector: http,
    settings: {
      baseUrl: 'https://api.example.com',
      auth: { type: 'bearer', token },
      list: {
        path: '/crm/v3/objects/contacts',
        query: { properties: 'email,firstname,lastname' },
        records: 'results',
        size: { parameter: 'limit', records: 100 },
        paging: { style: 'cursor', parameter: 'after', next: 'paging.next.after' },
      },
      record: { id: 'id', changedAt: 'updatedAt' },
      quota: { requests: 10, seconds: 1 },
    },
    page: 100,
    headers: bearer,
    vendor: () => {
      const simulator = createHubSpotSimulator({ ...clock, quotas: false });
      simulator.seed(records, 7, now - 3_600_000);
      return simulator.app;
    },
  },
  {
    connector: hubspot,
    settings: { accessToken: token },
    page: 100,
    vendor: () => {
      const simulator = createHubSpotSimulator({ ...clock, quotas: false });
      simulator.seed(records, 7, now - 3_600_000);
      return simulator.app;
    },
  },
  {
    connector: infobip,
    settings: { apiKey: token },
    page: 1_000,
    headers: { authorization: `App ${token}` },
    vendor: () => seeded(createInfobipSimulator({ ...clock, apiKey: token })),
  },
  {
    connector: intercom,
    settings: { accessToken: token },
    page: 150,
    vendor: () => seeded(createIntercomSimulator({ ...clock, accessToken: token, quota: false })),
  },
  {
    connector: klaviyo,
    settings: { apiKey: 'pk_bench' },
    page: 100,
    vendor: () => seeded(createKlaviyoSimulator({ ...clock, apiKey: 'pk_bench', quotas: false })),
  },
  {
    connector: mailchimp,
    settings: mailchimpSettings,
    page: 1_000,
    vendor: () => seeded(new MailchimpSimulator({ ...clock, ...mailchimpSettings })),
  },
  {
    connector: ortto,
    settings: { baseUrl: 'https://ortto.example.com', apiKey: token },
    page: 500,
    headers: { 'x-api-key': token },
    vendor: () => seeded(createOrttoSimulator({ ...clock, apiKey: token })),
  },
  {
    connector: pipedrive,
    settings: { apiToken: token },
    page: 500,
    headers: { 'x-api-token': token },
    vendor: () => seeded(createPipedriveSimulator({ ...clock, apiToken: token, quotas: false })),
  },
  {
    connector: salesforce,
    settings: salesforceSettings,
    page: 2_000,
    headers: bearer,
    vendor: () => {
      const { app, org } = createSalesforceSimulator({ ...clock, accessToken: token });
      org.seed(records);
      return app;
    },
  },
  {
    connector: sfmc,
    settings: {
      subdomain: 'mc0123',
      clientId: 'client',
      clientSecret: 'secret',
      accountId: 1,
      dataExtension: 'Customers_For_Vouchers',
    },
    page: 2_500,
    headers: bearer,
    vendor: () => seeded(createSfmcSimulator(clock)),
  },
  {
    connector: shopify,
    settings: { shop: 'acme', accessToken: token },
    page: 250,
    headers: { 'x-shopify-access-token': token },
    vendor: () => seeded(createShopifySimulator({ ...clock, accessToken: token, pointsPerSecond: false })),
  },
  {
    connector: zoho,
    settings: { oauth: { clientId: 'client', clientSecret: 'secret', refreshToken: 'refresh' } },
    page: 2_000,
    headers: { authorization: `Zoho-oauthtoken ${token}` },
    vendor: () => seeded(createZohoSimulator({ ...clock, accessToken: token, credits: 1_000_000 })),
  },
];

interface Reading {
  calls: number;
  records: number;
  cpuSeconds: number;
}

/** Records a second of the connector's CPU, and its calls against the ideal, for each vendor that can be pulled. */
export async function connectorFigures(): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const entry of entries) {
    const { name } = entry.connector;
    const answers = await recorded(entry);
    const readings: Reading[] = [];
    for (let run = 0; run < runs; run += 1) readings.push(await readAll(entry, replaying(answers)));
    const [{ calls, records: read }] = readings as [Reading];
    if (read < records) throw new Error(`${name} gave ${read} of ${records} records.`);
    const perSecond = Math.round(read / median(readings.map(({ cpuSeconds }) => cpuSeconds)));
    const ideal = Math.ceil(records / entry.page);
    figures.push({
      name: `${name}: a full reading of ${records.toLocaleString('en')}`,
      ours: `${perSecond.toLocaleString('en')} records a CPU second, ${calls} calls`,
      against: `the ${ideal} calls of full pages of ${entry.page}`,
      ratio: calls / ideal,
      bar: null,
    });
  }
  return figures;
}

/** The vendor's answers to a full reading, in order. */
async function recorded(entry: Entry): Promise<{ status: number; headers: Headers; body: string }[]> {
  const vendor = entry.vendor();
  const answers: { status: number; headers: Headers; body: string }[] = [];
  await readAll(entry, {
    request: async (...request) => {
      const answer = await vendor.request(...request);
      answers.push({ status: answer.status, headers: answer.headers, body: await answer.clone().text() });
      return answer;
    },
  });
  return answers;
}

function replaying(answers: Awaited<ReturnType<typeof recorded>>): Pick<Hono, 'request'> {
  let next = 0;
  return {
    request: () => {
      const { status, headers, body } = answers[next++]!;
      return new Response(body, { status, headers });
    },
  };
}

async function readAll(
  { connector, settings, headers }: Entry,
  app: Pick<Hono, 'request'>,
): Promise<Reading> {
  const given = connector.settings.parse(settings);
  const description = connector.api!(given);
  let calls = 0;
  const counting: Pick<Hono, 'request'> = {
    request: (...request) => {
      calls += 1;
      return app.request(...request);
    },
  };
  const api = directApi(
    counting,
    { ...description, headers: { ...description.headers, ...headers } },
    clock.now,
  );
  const noFiles = () => {
    throw new Error('no file is read');
  };
  const context: Context<unknown> = { settings: given, api, files: { stat: noFiles, open: noFiles }, now };
  const { source } = connector;
  const stream = (source?.streamsFor?.(given) ?? source?.streams ?? [])[0]!;
  const before = process.cpuUsage();
  let cursor: Json | null = null;
  let read = 0;
  for (let isDone = false; !isDone; ) {
    const page = await stream.pull!(context, { cursor, until: now, properties: [] });
    read += page.records.length;
    cursor = page.cursor;
    isDone = page.done;
  }
  const { user, system } = process.cpuUsage(before);
  return { calls, records: read, cpuSeconds: (user + system) / 1e6 };
}
