// Every operation of the OpenAPI document, asked of an app between simulated vendors: what it answers is what the document says,
// and so are its refusals. `caller` checks status, content type and body of each answer; an operation without a request fails.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApp } from '../../src/web/app.ts';
import { requiredRole } from '../../src/web/caller.ts';
import { keyParameter } from '../../src/web/triggers.ts';
import { behaviour } from '../support/databases.ts';
import { openWriteBackWorld, type WriteBackWorld } from '../support/write-back-world.ts';
import { type Answer, type Call, caller, expectProblem, type OpenApi, type Operation } from './calls.ts';
import { apiToken } from './world.ts';

interface Asked {
  /** Instead of those that fit most routes. */
  path?: { [name: string]: string | number };
  query?: string;
  json?: unknown;
  body?: string;
  type?: string;
  /** What it answers where it cannot succeed in this world. */
  refusal?: number;
}

/** A request of each operation, in this order. */
const requests: { [operationId: string]: Asked } = {
  isLive: {},
  isReady: {},
  getReceiptKeys: {},
  createToken: { json: { name: 'a viewer', role: 'viewer' } },
  listTokens: {},
  getStatus: {},
  getBalance: {},
  listLogs: { query: 'level=info' },
  getMetrics: {},
  getSpend: {},
  listCalls: {},
  listSources: {},
  importFile: {
    path: { source: 'files' },
    query: 'name=a.csv',
    body: 'Source_id,Name\nc1,Ann\n',
    type: 'text/csv',
  },
  syncSource: { json: { mode: 'records', recordIds: ['1'] } },
  pauseSource: { json: { reason: 'the CRM is being moved' } },
  resumeSource: {},
  // It is still configured.
  withdrawSource: { refusal: 409 },
  // No source of this world has one: test/cli/connect.test.ts signs in.
  beginSignIn: { json: { redirectUri: 'http://127.0.0.1:1/callback' }, refusal: 400 },
  finishSignIn: { json: { ticket: 't', state: 's', code: 'c' }, refusal: 400 },
  getProbe: {},
  probe: { json: { consent: true } },
  // Nothing is to be decided.
  decideProject: { json: { as: 'same' }, refusal: 409 },
  listDeliveries: {},
  listRuns: { query: 'source=hubspot&limit=1' },
  getRun: {},
  // It has ended.
  cancelRun: { refusal: 409 },
  previewUndo: {},
  undoRun: { json: { created: false } },
  listUndos: {},
  listSpared: {},
  listCustomers: { query: 'state=delivered' },
  getCustomer: {},
  explainCustomer: {},
  getCustomerHistory: {},
  getCustomerWriteBacks: {},
  pinField: { json: { value: 'Anna', note: 'she rang us' } },
  unpinField: {},
  listQuarantine: {},
  acknowledgeQuarantine: { json: { all: true, reason: 'known' } },
  reopenQuarantine: { json: { all: true } },
  listClashes: {},
  // Its record was not merged.
  unmergeRecord: { refusal: 404 },
  rewindSource: { json: { to: '2026-01-01T00:00:00Z' } },
  findPeople: { query: 'id=shop-1' },
  exportCustomers: {},
  listDeadLetters: {},
  listDeadLetterGroups: {},
  exportDeadLetters: { query: 'format=csv' },
  retryDeadLetters: { json: { ids: [1] } },
  discardDeadLetters: { json: { ids: [1], reason: 'a test' } },
  listRequests: {},
  getRequest: {},
  replayRequest: {},
  replayRequests: { json: { source: 'destination' } },
  listWriteBackVendors: {},
  listWriteBacks: {},
  verifyWriteBack: { json: { sample: 10 } },
  pauseWriteBack: { json: { reason: 'a migration' } },
  resumeWriteBack: {},
  checkWriteBack: {},
  listHolds: {},
  releaseHolds: { json: { all: true } },
  refuseHolds: { json: { all: true } },
  preview: { json: { mapping: { klaviyo: { name: 'first_name' } } } },
  planRun: { json: { mode: 'incremental' } },
  listForecasts: {},
  verify: { json: { sample: 10 } },
  listVerifications: {},
  getVerificationChain: {},
  forecastSourceProof: {},
  getVerification: {},
  listFindings: {},
  // It has ended.
  cancelVerification: { refusal: 409 },
  listDrifts: {},
  acknowledgeDrifts: { json: { all: true, reason: 'known' } },
  reopenDrifts: { json: { all: true } },
  getWebhook: {},
  testWebhook: {},
  pauseDestination: { json: {} },
  resumeDestination: {},
  eraseCustomer: { json: {} },
  // Its receipt is open until Voucherify has been read back: on a busy machine that may be done a few requests later.
  liftErasure: { json: { sourceId: 'shop-1' }, refusal: 409 },
  listErasures: {},
  getErasure: {},
  listAudit: {},
  revokeToken: {},
};

interface Known {
  id: string;
  method: string;
  route: string;
  operation: Operation;
}

describe('every operation', () => {
  let world: WriteBackWorld;
  let dataDir: string;
  let call: Call;
  let known: Known[];
  let viewer: string;
  const names: { [name: string]: string | number } = {
    source: 'klaviyo',
    sourceId: 'shop-1',
    field: 'name',
    recordId: 'none',
    name: 'a viewer',
    id: 1,
  };

  beforeAll(async () => {
    world = await openWriteBackWorld({
      database: await behaviour[0].open(),
      sources: { files: { connector: 'csv' } },
    });
    dataDir = await mkdtemp(join(tmpdir(), 'tributary-routes-'));
    const app = createApp(world.tributary, { apiToken, version: '0.0.0', dataDir });
    call = await caller({ app });
    const { paths } = (await (await app.request('/openapi.json')).json()) as OpenApi;
    known = Object.entries(paths).flatMap(([route, operations]) =>
      Object.entries(operations).map(([method, operation]) => {
        return { id: operation.operationId, method: method.toUpperCase(), route, operation };
      }),
    );
    world.klaviyo.create({ external_id: 'shop-1', email: 'ben@example.com', first_name: 'Ben' });
    await world.sync('full', 'klaviyo');
    world.voucherify.setFacts('shop-1', { points: 3 });
    await world.rest();
    viewer = (await call('POST', '/api/tokens', { json: { name: 'who looks', role: 'viewer' } })).body.token;
  }, 60_000);
  afterAll(async () => {
    await world.close();
    await world.database.close();
    await rm(dataDir, { recursive: true, force: true });
  });

  const pathOf = ({ route }: Known, given: Asked) =>
    route.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
      encodeURIComponent(String(given.path?.[name] ?? names[name])),
    ) + (given.query === undefined ? '' : `?${given.query}`);

  function ask(one: Known, given: Asked, more: { token?: string | null; headers?: object } = {}) {
    const { json, body, type } = given;
    const headers = { ...(type && { 'content-type': type }), ...more.headers };
    return call(one.method, pathOf(one, given), {
      ...(json !== undefined && { json }),
      ...(body !== undefined && { body }),
      ...(more.token !== undefined && { token: more.token }),
      headers,
    });
  }

  it('has a request', () => {
    expect(Object.keys(requests).toSorted()).toEqual(known.map(({ id }) => id).toSorted());
  });

  it('answers as the document says', async () => {
    const failed: string[] = [];
    for (const [id, given] of Object.entries(requests)) {
      const one = known.find((operation) => operation.id === id)!;
      if (id === 'getErasure') given.path = { id: await firstErasure() };
      const answer = await ask(one, given);
      const isExpected = given.refusal === undefined ? answer.status < 300 : answer.status === given.refusal;
      if (!isExpected) failed.push(`${id}: ${answer.status} ${answer.body?.detail}`);
      await world.rest();
    }
    expect(failed).toEqual([]);
  }, 120_000);

  const firstErasure = async () => (await call('GET', '/api/erasures')).body.erasures[0].id as string;

  /** Those that document this status, asked in a way that brings it about. */
  async function refused(
    status: number,
    asks: (one: Known) => Promise<Answer> | null,
    documented: (one: Known) => boolean = ({ operation }) => String(status) in operation.responses,
  ): Promise<number> {
    let count = 0;
    for (const one of known.filter(documented)) {
      const answer = await asks(one);
      if (!answer) continue;
      expect(answer.status, `${one.id} answers ${status}: ${answer.body?.detail}`).toBe(status);
      expectProblem(answer, status);
      count += 1;
    }
    return count;
  }

  const given = ({ id }: Known) => requests[id]!;
  const takesJson = ({ operation }: Known) => 'application/json' in (operation.requestBody?.content ?? {});
  const isSecured = ({ route }: Known) => route.startsWith('/api/') || route === '/metrics';

  it('refuses whoever has no token or the wrong role, exactly where it says so', async () => {
    const all = await refused(401, (one) => ask(one, given(one), { token: null }), isSecured);
    expect(all).toBeGreaterThan(70);
    const isForMore = (one: Known) => isSecured(one) && requiredRole(one.method, one.route) !== 'viewer';
    const some = await refused(403, (one) => ask(one, given(one), { token: viewer }), isForMore);
    expect(some).toBeGreaterThan(35);
  });

  it('refuses a body that is no JSON, of another type, too large or of another shape', async () => {
    const type = 'application/json';
    await refused(400, (one) => ask(one, { path: {}, body: '{"', type }), takesJson);
    await refused(415, (one) => ask(one, { body: 'a=b', type: 'text/plain' }), takesJson);
    const large = `{"x":"${'x'.repeat(1_100_000)}"}`;
    await refused(413, (one) => ask(one, { body: large, type }), takesJson);
    const wrong = await refused(400, (one) => ask(one, { json: { nobodyKnows: 1 } }), takesJson);
    expect(wrong).toBeGreaterThan(25);
  });

  it('refuses a query that it does not know', async () => {
    const takesQuery = ({ operation }: Known) =>
      (operation.parameters ?? []).some((parameter) => parameter.in === 'query');
    const count = await refused(
      400,
      (one) => ask(one, { ...given(one), query: 'nobodyKnows=1' }),
      takesQuery,
    );
    expect(count).toBeGreaterThan(20);
  });

  it('does not find what nobody has named', async () => {
    const nobody = { source: 'nobody', sourceId: 'nobody', recordId: 'nobody', name: 'nobody', id: 987_654 };
    const isFound = ({ route, operation }: Known) => route.includes('{') && '404' in operation.responses;
    const path = (one: Known) =>
      one.route.startsWith('/api/erasures') ? { id: '11111111-1111-4111-8111-111111111111' } : nobody;
    const count = await refused(404, (one) => ask(one, { ...given(one), path: path(one) }), isFound);
    expect(count).toBeGreaterThan(25);
  });

  it('refuses a key that another request has', async () => {
    const takesKey = ({ operation }: Known) => JSON.stringify(operation).includes(keyParameter.name);
    const headers = { 'idempotency-key': 'the key of a pause' };
    const pause = known.find(({ id }) => id === 'resumeDestination')!;
    expect((await ask(pause, {}, { headers })).status).toBe(200);
    const others = (one: Known) => takesKey(one) && one !== pause;
    const count = await refused(422, (one) => ask(one, given(one), { headers }), others);
    expect(count).toBeGreaterThan(30);
  });

  it('says so where somebody guesses at tokens', async () => {
    for (let guess = 0; guess < 11; guess += 1) await call('GET', '/api/status', { token: `wrong-${guess}` });
    await refused(429, (one) => ask(one, given(one), { token: 'wrong-again' }), isSecured);
  });

  it('says so where the database does not answer', async () => {
    await world.tributary.drain();
    await world.database.close();
    const inMemory = ['listLogs', 'listCalls'];
    const isAsked = (one: Known) => isSecured(one) && one.method === 'GET' && !inMemory.includes(one.id);
    await refused(503, (one) => ask(one, given(one)), isAsked);
  });
});
