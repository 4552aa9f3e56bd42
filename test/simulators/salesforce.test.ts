// The simulated Salesforce org, asked by Salesforce's own client, over a real connection.
import { Connection } from '@jsforce/jsforce-node';
import { afterEach, describe, expect, test } from 'vitest';
import { createSalesforceSimulator, type SalesforceOptions } from '../../simulators/salesforce.ts';
import { type Served, serve } from '../../simulators/serve.ts';

const start = Date.parse('2026-11-02T08:00:00.000Z');
const app = { clientId: '3MVG9client', clientSecret: 'secret-of-the-app-00' };
let served: Served | null = null;

afterEach(() => served?.close());

async function simulate(options: Partial<SalesforceOptions> = {}) {
  const clock = { ms: start };
  const simulator = createSalesforceSimulator({
    now: () => clock.ms,
    oauth: { ...app, clientCredentials: true },
    ...options,
  });
  served = await serve(simulator.app);
  const { url } = served;
  const connection = new Connection({
    loginUrl: url,
    instanceUrl: url,
    version: '68.0',
    oauth2: { ...app, loginUrl: url },
  });
  await connection.authorize({ grant_type: 'client_credentials' });
  return { clock, simulator, org: simulator.org, connection };
}

const codeOf = (asked: PromiseLike<unknown>) =>
  asked.then(
    () => 'an answer',
    (error: { errorCode?: string; name: string }) => error.errorCode ?? error.name,
  );

describe('the simulated Salesforce, by the official client', () => {
  test('signs in an app, and says whose org it is', async () => {
    const { connection } = await simulate();
    expect(connection.instanceUrl).toBe(served!.url);
    expect(connection.accessToken).toMatch(/^access-1/);
    expect(connection.userInfo).toMatchObject({ organizationId: expect.stringMatching(/^00D\w{15}$/) });
  });

  test('answers queries by pages whose locators end after two days', async () => {
    const { clock, org, connection } = await simulate({ batch: 200 });
    const ids = org.seed(450);
    const first = await connection.query('SELECT Id, Email FROM Contact ORDER BY Id');
    expect([first.totalSize, first.records.length, first.done]).toEqual([450, 200, false]);
    const all = await connection.query('SELECT Id FROM Contact', { autoFetch: true, maxFetch: 1_000 });
    expect(new Set(all.records.map(({ Id }) => Id))).toEqual(new Set(ids));
    clock.ms += 2 * 86_400_000 + 1;
    expect(await codeOf(connection.queryMore(first.nextRecordsUrl!))).toBe('INVALID_QUERY_LOCATOR');
  });

  test('makes query jobs, whose files are CSV', async () => {
    const { org, simulator, connection } = await simulate({ queryJobs: { makingMs: 0 } });
    const ids = org.seed(250);
    org.change(ids[0]!, { LastName: 'O"Brien,\nthe second' });
    const all = await connection.bulk2.query('SELECT Id, LastName, Email FROM Contact');
    const records = (await all.toArray()) as { Id: string; LastName: string }[];
    expect(new Set(records.map(({ Id }) => Id))).toEqual(new Set(ids));
    expect(records.find(({ Id }) => Id === ids[0])!.LastName).toBe('O"Brien,\nthe second');
    expect(simulator.queryJobs.ordered).toBe(1);
    expect(await codeOf(connection.bulk2.query('SELECT Nothing__c FROM Contact'))).toBe('INVALID_FIELD');
  });

  test('has conditions, and dates without quotes', async () => {
    const { clock, org, connection } = await simulate();
    const [id] = org.seed(30);
    clock.ms += 5_000;
    org.change(id!, { LastName: "O'Neil" });
    const since = await connection.query(
      `SELECT Id FROM Contact WHERE SystemModstamp > ${new Date(start).toISOString()}`,
    );
    expect(since.records).toMatchObject([{ Id: id }]);
    const found = await connection
      .sobject('Contact')
      .find({ LastName: "O'Neil", Email: { $ne: null } }, ['Id', 'SystemModstamp'])
      .limit(5);
    expect(found).toMatchObject([{ Id: id, SystemModstamp: '2026-11-02T08:00:05.000+0000' }]);
    const counted = await connection.query(
      `SELECT COUNT() FROM Contact WHERE Id IN ('${id}', '${id!.slice(0, 15)}')`,
    );
    expect(counted.totalSize).toBe(1);
    expect(
      await codeOf(connection.query("SELECT Id FROM Contact WHERE SystemModstamp > '2026-01-01T00:00:00Z'")),
    ).toBe('INVALID_FIELD');
    expect(await codeOf(connection.query('SELECT Id FROM Contact WHERE'))).toBe('MALFORMED_QUERY');
  });

  test('refuses a whole query for one field that is hidden, and does not describe it', async () => {
    const { org, connection } = await simulate();
    const described = async () => (await connection.describe('Contact')).fields.map(({ name }) => name);
    expect(await described()).toContain('Tier__c');
    org.hidden.add('Contact.Tier__c');
    expect(await described()).not.toContain('Tier__c');
    expect(await codeOf(connection.query('SELECT Id, Tier__c FROM Contact'))).toBe('INVALID_FIELD');
    org.hidden.add('Contact');
    expect(await codeOf(connection.query('SELECT Id FROM Contact'))).toBe('INVALID_TYPE');
    expect(await codeOf(connection.describe('Contact'))).toBe('NOT_FOUND');
  });

  test('keeps what is deleted or merged for 15 days, for queryAll alone', async () => {
    const { clock, org, connection } = await simulate();
    const [winner, loser, removed] = org.seed(3);
    org.merge(winner!, loser!);
    org.remove(removed!);
    const soql = 'SELECT Id, IsDeleted, MasterRecordId FROM Contact ORDER BY Id';
    const all = async () => (await connection.query(soql, { scanAll: true })).records;
    expect((await connection.query(soql)).records.map(({ Id }) => Id)).toEqual([winner]);
    expect(await all()).toHaveLength(3);
    expect((await all()).find(({ Id }) => Id === loser)).toMatchObject({
      IsDeleted: true,
      MasterRecordId: winner,
    });
    expect(await codeOf(connection.sobject('Contact').retrieve(removed!))).toBe('ENTITY_IS_DELETED');
    org.undelete(loser!);
    clock.ms += 15 * 86_400_000 + 1_000;
    expect((await all()).map(({ Id }) => Id).toSorted()).toEqual([winner, loser].toSorted());
    expect(await codeOf(connection.sobject('Contact').retrieve(removed!))).toBe('NOT_FOUND');
  });

  test('gives records by ID in the order asked, and null for what is not there', async () => {
    const { org, connection } = await simulate();
    const [one, removed, other] = org.seed(3);
    org.remove(removed!);
    const body = { ids: [other, removed, one!.slice(0, 15)], fields: ['Email', 'FirstName'] };
    const answer = await connection.requestPost<({ Id: string } | null)[]>(
      '/composite/sobjects/Contact',
      body,
    );
    expect(answer.map((row) => row?.Id ?? null)).toEqual([other, null, one]);
    expect(answer[0]).toMatchObject({ FirstName: null });
    const wrong = connection.requestPost('/composite/sobjects/Contact', { ...body, fields: ['Nothing__c'] });
    expect(await codeOf(wrong)).toBe('INVALID_FIELD');
  });

  test('counts the calls of the whole org, refuses those beyond with 403, and tells a session that has ended', async () => {
    const { simulator, connection } = await simulate({ callsPerDay: 4 });
    const ask = () => codeOf(connection.query('SELECT Id FROM Contact'));
    expect(await ask()).toBe('an answer');
    expect(connection.limitInfo).toEqual({ apiUsage: { used: 1, limit: 4 } });
    simulator.oauth!.expireAll();
    const { instanceUrl, accessToken } = connection;
    const session = new Connection({ instanceUrl, accessToken: accessToken!, version: '68.0' });
    expect(await codeOf(session.query('SELECT Id FROM Contact'))).toBe('INVALID_SESSION_ID');
    await connection.authorize({ grant_type: 'client_credentials' });
    expect([await ask(), await ask(), await ask(), await ask()]).toEqual([
      'an answer',
      'an answer',
      'an answer',
      'REQUEST_LIMIT_EXCEEDED',
    ]);
  });
});
