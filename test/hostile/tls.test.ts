// Vendors whose certificate is not to be trusted: nothing is sent to them, the message says what is wrong, nothing is given up or
// paused, and work goes on when the certificate is good.
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import tls from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { listPauses } from '../../src/tables/pauses.ts';
import { runById } from '../../src/tables/runs.ts';
import { authority, type Issued, selfSigned } from '../support/certificates.ts';
import { behaviour, type TestDatabase } from '../support/databases.ts';
import { openSyncWorld, type SyncWorld, until } from '../support/sync-world.ts';

const dayMs = 86_400_000;
const trusted = authority();
const good = trusted.issue('localhost');

describe('a vendor whose certificate', () => {
  let database: TestDatabase;
  let world: SyncWorld;
  let server: Server;
  let asked: string[];
  const before = tls.getCACertificates('default');

  beforeAll(() => tls.setDefaultCACertificates([...before, trusted.cert]));
  afterAll(() => tls.setDefaultCACertificates(before));
  afterEach(async () => {
    await world.close();
    await database.close();
    await new Promise((resolve) => server.close(resolve));
  });

  async function start(certificate: Issued): Promise<void> {
    asked = [];
    server = createServer(certificate, (request, response) => {
      asked.push(request.headers.authorization ?? '');
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ data: [{ id: 'a', name: 'Anna', updated: '2026-01-01T00:00:00Z' }] }));
    });
    await new Promise<void>((resolve) => server.listen(0, resolve));
    database = await behaviour[0].open();
    world = await openSyncWorld(database, {
      sources: {
        api: {
          connector: 'http',
          baseUrl: `https://localhost:${(server.address() as AddressInfo).port}`,
          auth: { type: 'bearer', token: 'a-token-that-nobody-else-may-see' },
          list: { path: '/people', records: 'data', paging: { style: 'none' } },
          record: { id: 'id', changedAt: 'updated' },
          quota: { requests: 100, seconds: 1 },
          mapping: { name: 'name' },
        },
      },
    });
    await world.tributary.start();
  }

  it.each<[string, () => Issued, string]>([
    [
      'is self-signed',
      () => selfSigned('localhost'),
      'its TLS certificate is not from an authority that this machine trusts. If it is from an authority of your own, name that in NODE_EXTRA_CA_CERTS (DEPTH_ZERO_SELF_SIGNED_CERT)',
    ],
    [
      'has expired',
      () => trusted.issue('localhost', { from: Date.now() - 2 * dayMs, until: Date.now() - dayMs }),
      'its TLS certificate has expired, or the clock of this machine is wrong (CERT_HAS_EXPIRED)',
    ],
    [
      'is for another host',
      () => trusted.issue('api.elsewhere.example'),
      'its TLS certificate is for another host (ERR_TLS_CERT_ALTNAME_INVALID)',
    ],
  ])('%s is sent nothing, and read as soon as it has a good one', async (_what, bad, reason) => {
    await start(bad());
    const run = (await world.tributary.request({
      source: 'api',
      mode: 'full',
      trigger: 'manual',
      lane: 'manual',
    }))!;
    const now = async () => (await runById(database, run.id))!;
    await until(async () => (await now()).error !== null);
    expect(await now()).toMatchObject({
      state: 'requested',
      error: expect.stringContaining(`api cannot be reached: ${reason}`),
    });
    // Hours of it give nothing up.
    world.clock.skip(6 * 3_600_000);
    const from = world.clock.now();
    await until(() => world.clock.now() - from > 3_000);
    expect(await now()).toMatchObject({ state: 'requested' });
    expect(await listPauses(database)).toEqual(new Map());
    expect(asked).toEqual([]);
    server.setSecureContext(good);
    world.clock.skip(3_600_000);
    await until(async () => (await now()).state === 'finished');
    await world.rest();
    expect(asked).toEqual(['Bearer a-token-that-nobody-else-may-see']);
    expect(world.voucherify.bySourceId('a')).toMatchObject({ name: 'Anna' });
  });
});
