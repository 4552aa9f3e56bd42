// The simulated Zoho CRM against the description of its API. Zoho's official client is not used: it brings a database driver and HTTP
// libraries that are no longer kept.
import { existsSync, readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import { createZohoSimulator, notification } from '../../simulators/zoho.ts';

const start = Date.parse('2026-11-02T08:00:00.000Z');
const accessToken = '1000.fake-token-of-the-tests.00';
const root = '/crm/v8';
const contacts = `${root}/Contacts`;

type Asked = { method?: string; body?: object; headers?: { [name: string]: string } };

function simulate() {
  const clock = { ms: start };
  const simulator = createZohoSimulator({ now: () => clock.ms, accessToken, credits: 1_000_000 });
  const ask = async (path: string, { method = 'GET', body, headers = {} }: Asked = {}) => {
    const response = await simulator.app.request(path, {
      method,
      headers: { authorization: `Zoho-oauthtoken ${accessToken}`, ...headers },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, json: text === '' ? undefined : JSON.parse(text) };
  };
  return { clock, simulator, ask };
}

const specification = new URL('../../../shared/reference/openapi/zoho-crm-contacts.json', import.meta.url);

describe.skipIf(!existsSync(specification))('the description', () => {
  const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false });
  const document = existsSync(specification) ? JSON.parse(readFileSync(specification, 'utf8')) : {};
  ajv.addSchema(document, 'zoho');
  const faults = (pointer: string, json: unknown): string | undefined => {
    const validate = ajv.compile({ $ref: `zoho#/${pointer}` });
    return validate(json) ? undefined : ajv.errorsText(validate.errors);
  };
  const escaped = (part: string) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'));
  /** Nothing, or what is wrong with this answer to this operation. */
  const wrong = (path: string, method: string, { status, json }: { status: number; json: unknown }) => {
    const responses = document.paths[path]?.[method]?.responses ?? {};
    if (!Object.hasOwn(responses, status)) return `${status} is not described`;
    if (json === undefined) return responses[status].content === undefined ? undefined : 'there is no body';
    const at = ['paths', path, method, 'responses', String(status), 'content', 'application/json', 'schema'];
    return faults(at.map(escaped).join('/'), json);
  };

  test('holds for every way in which contacts are read', async () => {
    const { simulator, ask } = simulate();
    simulator.seed(30);
    const [first = '', second = ''] = simulator.ids();
    simulator.remove(second);
    const query = (text: string): Asked => ({ method: 'POST', body: { select_query: text } });
    const all = 'select Email, Last_Name from Contacts where id > 0 order by id asc limit 5';
    const recent = { 'if-modified-since': '2030-01-01T00:00:00+00:00' };
    const answers: [path: string, method: string, asked: string, options: Asked, status: number][] = [
      [contacts, 'get', `${contacts}?ids=${first}&fields=Email,Last_Name`, {}, 200],
      [contacts, 'get', `${contacts}?ids=1&fields=Email`, {}, 204],
      [contacts, 'get', `${contacts}?ids=${first}`, {}, 400],
      [contacts, 'get', `${contacts}?ids=${first}&fields=Email`, { headers: { authorization: 'x' } }, 401],
      [`${contacts}/{id}`, 'get', `${contacts}/${first}?fields=Email`, {}, 200],
      [`${contacts}/{id}`, 'get', `${contacts}/${second}?fields=Email`, {}, 204],
      [`${contacts}/deleted`, 'get', `${contacts}/deleted?type=all`, {}, 200],
      [`${contacts}/deleted`, 'get', `${contacts}/deleted?type=all`, { headers: recent }, 304],
      [`${root}/coql`, 'post', `${root}/coql`, query(all), 200],
      [`${root}/coql`, 'post', `${root}/coql`, query(all.replace('id > 0', 'id > 9999999999999999999')), 204],
      [`${root}/coql`, 'post', `${root}/coql`, query(all.replace('Email', 'Nothing')), 400],
      [`${root}/coql`, 'post', `${root}/coql`, query('select from'), 400],
    ];
    for (const [path, method, asked, options, status] of answers) {
      const answer = await ask(asked, options);
      expect([answer.status, wrong(path, method, answer)], asked).toEqual([status, undefined]);
    }
  });

  test('holds for channels, which are opened and renewed, and for what comes through one', async () => {
    const { ask } = simulate();
    const channel = {
      channel_id: '1105420521999070702',
      events: ['Contacts.all'],
      channel_expiry: '2026-11-05T08:00:00+00:00',
      token: 'a-secret-of-our-own',
      notify_url: 'https://sync.example.com/webhooks/crm',
    };
    const path = `${root}/actions/watch`;
    const asked: [method: string, change: object, status: number][] = [
      ['POST', {}, 200],
      ['PATCH', { channel_expiry: '2026-11-06T08:00:00+00:00' }, 200],
      ['PATCH', { channel_expiry: '2027-11-06T08:00:00+00:00' }, 207],
    ];
    for (const [method, change, status] of asked) {
      const answer = await ask(path, { method, body: { watch: [{ ...channel, ...change }] } });
      expect([answer.status, wrong(path, method.toLowerCase(), answer)]).toEqual([status, undefined]);
    }
    for (const operation of ['insert', 'update', 'delete'] as const) {
      const { body } = notification({ operation, ids: ['1', '2'], at: start, token: null });
      expect(faults('components/schemas/Notification', JSON.parse(body))).toBeUndefined();
    }
  });

  test('is found broken by an answer that it does not describe', () => {
    expect(wrong(contacts, 'get', { status: 200, json: { data: {} } })).toMatch(/must be array/);
    expect(wrong(contacts, 'get', { status: 418, json: {} })).toBe('418 is not described');
  });
});
