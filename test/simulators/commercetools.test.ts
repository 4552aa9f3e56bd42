// The simulated project, asked by commercetools' own client.
import { createApiBuilderFromCtpClient } from '@commercetools/platform-sdk';
import { ClientBuilder } from '@commercetools/ts-client';
import { Hono } from 'hono';
import { describe, expect, test } from 'vitest';
import { type CommercetoolsOptions, createCommercetoolsSimulator } from '../../simulators/commercetools.ts';
import { createOAuthSimulator } from '../../simulators/oauth.ts';

const start = Date.parse('2026-11-02T08:00:00.000Z');
const credentials = { clientId: 'client', clientSecret: 'client-secret-00' };

function simulate(options: Partial<CommercetoolsOptions> = {}) {
  const clock = { ms: start };
  const now = () => clock.ms;
  const oauth = createOAuthSimulator({
    path: '/oauth/token',
    ...credentials,
    clientCredentials: true,
    seconds: 172_800,
    now,
  });
  const simulator = createCommercetoolsSimulator({ now, isLive: oauth.isLive, messages: true, ...options });
  const app = new Hono().route('/', oauth.app).route('/', simulator.app);
  const httpClient = async (url: string | URL | Request, init?: RequestInit) =>
    app.request(typeof url === 'object' && 'url' in url ? url.url : String(url), init);
  const client = new ClientBuilder()
    .withClientCredentialsFlow({
      host: 'https://auth.europe-west1.gcp.commercetools.com',
      projectKey: 'acme',
      credentials,
      scopes: ['view_customers:acme', 'view_messages:acme'],
      httpClient,
    })
    .withHttpMiddleware({ host: 'https://api.europe-west1.gcp.commercetools.com', httpClient })
    .build();
  const project = createApiBuilderFromCtpClient(client).withProjectKey({ projectKey: 'acme' });
  return { clock, simulator, project, oauth };
}

const codeOf = (error: { body?: { errors?: { code: string }[] } }) => error.body?.errors?.[0]?.code;

describe('the simulated project, by the official client', () => {
  test('lists in pages after the last ID, with texts in double quotes or variables', async () => {
    const { simulator, project, oauth } = simulate();
    simulator.seed(120);
    const ids: string[] = [];
    for (let last = ''; ; last = ids.at(-1)!) {
      const where = last ? { where: 'id > :last', 'var.last': last } : {};
      const queryArgs = { limit: 50, sort: ['id asc'], withTotal: false, ...where };
      const { body } = await project.customers().get({ queryArgs }).execute();
      ids.push(...body.results.map(({ id }) => id));
      if (body.count < body.limit) break;
    }
    expect(new Set(ids).size).toBe(120);
    expect(oauth.state.issued).toBe(1);
    const [one, other] = ids;
    const found = await project
      .customers()
      .get({ queryArgs: { where: [`id in ("${one}","${other}")`, 'email <> "nobody@example.com"'] } })
      .execute();
    expect(found.body).toMatchObject({ count: 2, total: 2 });
  });

  test('refuses malformed predicates, missing variables, and lists beyond 10,000 rows', async () => {
    const { project } = simulate();
    const refusal = (queryArgs: { [name: string]: string | number }) =>
      project
        .customers()
        .get({ queryArgs })
        .execute()
        .then(() => 'none', codeOf);
    expect(await refusal({ where: "id > 'a'" })).toBe('InvalidInput');
    expect(await refusal({ where: 'id > :last' })).toBe('InvalidInput');
    expect(await refusal({ where: '(id > "a"' })).toBe('InvalidInput');
    expect(await refusal({ offset: 10_001 })).toBe('InvalidInput');
    expect(await refusal({ limit: 501 })).toBe('InvalidInput');
  });

  test('shows changes and deletions by ID at once, and in queries later', async () => {
    const { clock, simulator, project } = simulate({ lagMs: 5_000 });
    simulator.seed(2);
    const [one, other] = simulator.ids() as [string, string];
    simulator.change(one, { firstName: undefined, email: 'new@example.com' });
    simulator.remove(other);
    const listed = async () => {
      const { body } = await project
        .customers()
        .get({ queryArgs: { limit: 500 } })
        .execute();
      return body.results.map(({ email }) => email.toLowerCase()).sort();
    };
    const single = (ID: string) => project.customers().withId({ ID }).get().execute();
    expect((await single(one)).body).toMatchObject({ email: 'new@example.com', password: '****aGg=' });
    expect((await single(one)).body).not.toHaveProperty('firstName');
    expect(await single(other).catch(codeOf)).toBe('ResourceNotFound');
    expect(await listed()).toEqual(['p1@example.com', 'p2@example.com']);
    clock.ms += 5_000;
    expect(await listed()).toEqual(['new@example.com']);
    const queryArgs = { where: 'type = "CustomerDeleted"' };
    const deletions = async () => (await project.messages().get({ queryArgs }).execute()).body.results;
    expect(await deletions()).toMatchObject([
      { type: 'CustomerDeleted', version: 1, resource: { id: other } },
    ]);
    clock.ms += 16 * 86_400_000;
    expect(await deletions()).toEqual([]);
  });
});
