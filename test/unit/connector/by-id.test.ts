// Records that are read by ID: who says that one does not exist.
import { describe, expect, it } from 'vitest';
import { readsById, readsOne, requestOne } from '../../../src/connector/by-id.ts';
import { readsMerges, withMerges } from '../../../src/connector/merges.ts';
import { rowReader } from '../../../src/connector/rows.ts';
import {
  type Api,
  type ApiResponse,
  type Context,
  type Json,
  RejectedError,
  TransientError,
  UnauthorizedError,
} from '../../../src/connector.ts';

function asked(status: number, json: Json): Promise<unknown> {
  const api: Api = {
    async request({ isAnswer }): Promise<ApiResponse> {
      if (status === 200 && isAnswer?.(json) === false) throw new Error('foreign');
      return { status, headers: {}, json, words: 'no Route matched' };
    },
  };
  return requestOne(api, {
    id: '7',
    request: { path: '/people/7' },
    vendor: 'Acme',
    recordIn: (json) => ({ recordId: String((json as { id: number }).id), changedAt: 1, body: {} }),
    isMissing: (json) => (json as { code?: string }).code === 'no_person',
  });
}

describe('A record that is requested alone', () => {
  it('is the one that was asked for', async () => {
    expect(await asked(200, { id: 7 })).toMatchObject({ recordId: '7' });
    await expect(asked(200, { id: 8 })).rejects.toThrow('foreign');
  });

  it('does not exist where the vendor itself says so, and not because of any other 404', async () => {
    expect(await asked(404, { code: 'no_person' })).toBeNull();
    await expect(asked(404, { code: 'no_route' })).rejects.toMatchObject({
      name: 'TransientError',
      foreign: true,
      message: 'A 404 was answered that is not from Acme: no Route matched',
    });
  });
});

describe('A record at a path of its own', () => {
  const one = readsOne({
    pathOf: (id) => `/people/${id}`,
    at: 'person',
    recordOf: rowReader({ changedAt: 'at' }),
    answers: [404, 410],
    isMissing: (json) => (json as { gone?: boolean } | undefined)?.gone === true,
  });
  const read = (status: number, json: Json) => {
    const request: Api['request'] = async ({ path, isAnswer }) => {
      if (path !== '/people/7' || (status === 200 && isAnswer?.(json) === false)) throw new Error('foreign');
      return { status, headers: {}, json };
    };
    return one({ settings: {}, api: { request } } as unknown as Context<unknown>, '7');
  };

  it('is taken from its place in the answer', async () => {
    expect(await read(200, { person: { id: 7, at: 1 } })).toMatchObject({ recordId: '7' });
    for (const answer of [{ person: { id: 8, at: 1 } }, { person: null }, { id: 7, at: 1 }])
      await expect(read(200, answer)).rejects.toThrow('foreign');
  });

  it('does not exist where the vendor says so with one of its statuses', async () => {
    expect(await read(404, { gone: true })).toBeNull();
    expect(await read(410, { gone: true })).toBeNull();
    await expect(read(410, { message: 'no route' })).rejects.toMatchObject({ foreign: true, status: 410 });
  });
});

describe('A record that the credentials are refused for', () => {
  let status: number | undefined = 403;
  const refuse = async (_context: unknown, id: string) => {
    if (id === '7')
      throw new UnauthorizedError('Acme refuses the credentials (403)', status ? { status } : {});
    return { recordId: id, changedAt: 1, body: {} };
  };
  const read = (recordIds: string[], proof?: () => Promise<unknown>) =>
    readsById({ maxIds: 10, one: refuse, ...(proof && { proof }) }).records({} as Context<unknown>, {
      recordIds,
      properties: [],
    });
  const proves = async () => {};

  it('is rejected where others can be read, and neither pauses the source nor counts as deleted', async () => {
    await expect(read(['7'], proves)).rejects.toMatchObject({
      name: 'RejectedError',
      message: expect.stringContaining('this one cannot: Acme refuses the credentials (403)'),
    });
    const { records, missing } = await read(['7', '8'], proves);
    expect([records.map(({ recordId }) => recordId), missing]).toEqual([['8'], []]);
  });

  it.each([401, 400, undefined])('may be given another time where the status is %s', async (other) => {
    status = other;
    await expect(read(['7'], proves)).rejects.toMatchObject({ name: 'TransientError', foreign: true });
    status = 403;
  });

  it('is a matter of the source where no other can be read, or nobody knows', async () => {
    const refusesAll = () => Promise.reject(new UnauthorizedError('Acme refuses the credentials (401)'));
    await expect(read(['7', '8'], refusesAll)).rejects.toMatchObject({ name: 'UnauthorizedError' });
    await expect(read(['7', '8'])).rejects.toMatchObject({ name: 'UnauthorizedError' });
  });
});

describe('A record for which somebody else answers', () => {
  const foreign = (status?: number) =>
    new TransientError('A 404 was answered that is not from Acme: no Route matched', {
      foreign: true,
      ...(status !== undefined && { status }),
    });
  const read = (failure: Error, recordIds: string[], proof?: () => Promise<unknown>) =>
    readsById({
      maxIds: 10,
      one: async (_context: unknown, id: string) => {
        if (id !== '8') throw failure;
        return { recordId: id, changedAt: 1, body: {} };
      },
      ...(proof && { proof }),
    }).records({} as Context<unknown>, { recordIds, properties: [] });
  const proves = async () => {};
  const rejected = (status: number) => new RejectedError('no Route matched', { status, code: 'x' });

  it('is to blame itself where others can be read, and hides none of them', async () => {
    for (const status of [400, 404, 410, 422, 200]) {
      await expect(read(foreign(status), ['7'], proves)).rejects.toMatchObject({
        name: 'TransientError',
        rejectedAs: 'unknown_answer',
        status,
        message:
          'Other records can be read, this one cannot: A 404 was answered that is not from Acme: no Route matched',
      });
      for (const failure of [foreign(status), rejected(status)])
        for (const proof of [proves, undefined]) {
          const { records, missing, unreadable } = await read(failure, ['7', '8'], proof);
          expect([records.map(({ recordId }) => recordId), missing]).toEqual([['8'], []]);
          expect(unreadable).toMatchObject([
            { recordId: '7', error: { message: expect.stringContaining('Route') } },
          ]);
        }
    }
  });

  it('is a matter of the source where no other can be read, or nobody knows', async () => {
    const failing = () => Promise.reject(foreign(404));
    const rejecting = () => Promise.reject(rejected(404));
    for (const failure of [foreign(404), rejected(400)])
      for (const proof of [failing, rejecting])
        for (const ids of [['7'], ['6', '7']]) {
          const error = await read(failure, ids, proof).catch((thrown: unknown) => thrown);
          expect(error).toMatchObject({ name: 'TransientError', foreign: true, rejectedAs: undefined });
        }
    for (const failure of [foreign(404), rejected(400)]) {
      await expect(read(failure, ['7'])).rejects.toBe(failure);
      await expect(read(failure, ['6', '7'])).rejects.toBe(failure);
    }
  });

  it('leaves a merge into it to be told later', async () => {
    const vendor = {
      maxIds: 10,
      isId: (id: string) => /^\d$/.test(id),
      one: async (_context: unknown, id: string) => {
        if (id === '7') throw foreign(404);
        return { recordId: id, changedAt: 1, body: {} };
      },
      proof: proves,
    };
    const asked = { recordIds: ['7+5', '8+6'], properties: [] };
    const answer = await readsMerges(vendor).records({} as Context<unknown>, asked);
    expect(answer).toMatchObject({
      records: [{ recordId: '8', merged: ['6'] }],
      missing: ['8+6'],
      unreadable: [{ recordId: '7+5' }],
    });
    // One that was merged into it would be taken for deleted.
    const { read: merged } = withMerges({ name: 'people', read: readsById(vendor) }, ({ recordId }) =>
      recordId === '6' ? '7' : undefined,
    );
    const both = { recordIds: ['6', '8'], properties: [] };
    await expect(merged!.records({} as Context<unknown>, both)).rejects.toMatchObject({ foreign: true });
  });

  it('is told apart from an outage, a wait and a lost connection', async () => {
    for (const failure of [foreign(503), foreign(), new TransientError('wait', { status: 429 })])
      await expect(read(failure, ['7', '8'], proves)).rejects.toBe(failure);
  });
});

describe('Records that are requested together', () => {
  const refused = (status: number) =>
    readsById({
      maxIds: 10,
      isId: () => true,
      some: async () => {
        throw new RejectedError('The list is refused', { status, code: 'refused' });
      },
    }).records({} as Context<unknown>, { recordIds: ['7'], properties: [] });

  it('and those that are requested alone share what is known of all', async () => {
    let learned = 0;
    const { records } = readsById<unknown, number>({
      maxIds: 10,
      known: async (_, properties) => {
        learned += 1;
        return properties.length;
      },
      isId: (id) => id !== 'none',
      some: async (_context, _ids, _properties, known) => [{ recordId: '1', changedAt: 1, body: { known } }],
      one: async (_context, recordId, _properties, known) => ({ recordId, changedAt: 1, body: { known } }),
    });
    const read = (...recordIds: string[]) =>
      records({} as Context<unknown>, { recordIds, properties: ['name', 'email'] });
    const found = await read('1', '2', '3');
    expect(found.records.map(({ body }) => body['known'])).toEqual([2, 2, 2]);
    expect(await read('none')).toEqual({ records: [], missing: ['none'] });
    expect(learned).toBe(1);
  });

  it('may be asked for by an ID that is written otherwise, which then stands for another', async () => {
    const asked: (readonly string[])[] = [];
    const read = readsById({
      maxIds: 10,
      idOf: (written) => (/^p\d+$/i.test(written) ? written.toLowerCase() : undefined),
      some: async (_context, ids) => {
        asked.push(ids);
        return [{ recordId: 'p1', changedAt: 1, body: {} }];
      },
    });
    const recordIds = ['P1', 'p1', 'p2', 'none'];
    expect(await read.records({} as Context<unknown>, { recordIds, properties: [] })).toEqual({
      records: [{ recordId: 'p1', changedAt: 1, body: {} }],
      missing: ['P1', 'none', 'p2'],
    });
    expect(asked).toEqual([['p1', 'p2']]);
    expect([read.idOf!('P1'), read.idOf!('none')]).toEqual(['p1', 'none']);
  });

  it('are not to blame where the list itself is not found', async () => {
    await expect(refused(404)).rejects.toMatchObject({ name: 'TransientError', foreign: true });
    await expect(refused(400)).rejects.toMatchObject({ name: 'RejectedError' });
  });
});

describe('A record that is requested by another ID than its own', () => {
  it('is given once, and that ID is missing', async () => {
    const record = { recordId: '7', changedAt: 1, body: {} };
    const { records } = readsById({ maxIds: 10, isId: () => true, one: async () => record });
    const recordIds = ['a@example.com', '7'];
    expect(await records({} as Context<unknown>, { recordIds, properties: [] })).toEqual({
      records: [record],
      missing: ['a@example.com'],
    });
  });
});

it('One record that several IDs stand for has taken over all of them', async () => {
  const read = readsById({
    maxIds: 10,
    one: async (_, id) => ({ recordId: '9', changedAt: 1, body: {}, merged: [id] }),
  });
  const answer = await read.records({} as Context<unknown>, { recordIds: ['7', '8'], properties: [] });
  expect(answer).toEqual({
    records: [{ recordId: '9', changedAt: 1, body: {}, merged: ['7', '8'] }],
    missing: ['7', '8'],
  });
});
