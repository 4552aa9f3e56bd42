// Bodies of requests: a long list is written in parts, and reads as if it had been written in one.
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { bodyOf } from '../../../src/engine/http/request-body.ts';

const listOf = (records: number) =>
  Array.from({ length: records }, (_, index) => ({ source_id: `ą ${index}`, metadata: { points: index } }));

describe('The body of a request', () => {
  it.each([0, 1, 500, 501, 1_000, 1_201])('holds a list of %i records whole', async (records) => {
    const json = listOf(records);
    const body = await bodyOf({ path: '/', json });
    expect(body).toEqual({ contentType: 'application/json', content: Buffer.from(JSON.stringify(json)) });
  });

  it('lets others have their turn while a long list is written', async () => {
    let isWritten = false;
    const written = bodyOf({ path: '/', json: listOf(5_000) }).then(() => {
      isWritten = true;
    });
    for (let turn = 0; turn < 3; turn += 1) await setImmediate();
    expect(isWritten).toBe(false);
    await written;
  });
});
