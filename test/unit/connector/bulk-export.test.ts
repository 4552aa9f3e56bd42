// What the state of a vendor's job says of it.
import { expect, test } from 'vitest';
import type { Context, JsonObject } from '#connector';
import { pollsJobs } from '#connector/bulk-export';

const poll = (job: JsonObject) =>
  pollsJobs({
    vendor: 'Acme',
    noun: 'export',
    show: async () => job,
    at: { state: 'state', total: 'rows', reason: 'why', code: 'code' },
    done: 'Done',
    failed: ['Failed'],
  })({} as Context<unknown>, 'job');

test('a job is being made until it is done, and may say how many rows it has', async () => {
  expect(await poll({ state: 'Queued' })).toBeNull();
  expect(await poll({})).toBeNull();
  expect(await poll({ state: 'Done', rows: '7' })).toEqual({ total: 7 });
  expect(await poll({ state: 'Done', rows: null })).toEqual({});
});

test('a job that came to nothing is rejected with its reason and its code', async () => {
  await expect(poll({ state: 'Failed', why: 'It was too large', code: 'SIZE' })).rejects.toMatchObject({
    name: 'RejectedError',
    message: 'Acme ended the export as Failed: It was too large',
    code: 'SIZE',
  });
  await expect(poll({ state: 'Failed' })).rejects.toMatchObject({
    code: 'job_failed',
    message: expect.stringContaining('no reason'),
  });
});
