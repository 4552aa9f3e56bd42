// Bodies unpacked: every encoding, and nothing that the heap could not hold.
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { BodyTooLargeError, bodyLimits, unpacked } from '../../../src/engine/http/unpacking.ts';

const MB = 1024 * 1024;
const plain = Buffer.from('{"a":[1,2,3]}');

describe('A body', () => {
  it.each([
    ['gzip', gzipSync(plain)],
    ['x-gzip', gzipSync(plain)],
    ['deflate', deflateSync(plain)],
    ['br', brotliCompressSync(plain)],
    ['zstd', zstdCompressSync(plain)],
    ['GZIP', gzipSync(plain)],
    ['deflate, gzip', gzipSync(deflateSync(plain))],
    ['identity', plain],
    [undefined, plain],
  ])('is unpacked from %s', async (encoding, body) => {
    expect((await unpacked(body, encoding)).toString()).toBe(plain.toString());
  });

  it('is refused before it is unpacked to more than the limit', async () => {
    const bomb = gzipSync(Buffer.alloc(60 * MB, ' '));
    expect(bomb.length).toBeLessThan(100_000);
    await expect(unpacked(bomb, 'gzip', bodyLimits(192 * MB))).rejects.toThrow(BodyTooLargeError);
  });

  it('is weighed by what its values cost once they are parsed', async () => {
    const limits = bodyLimits(192 * MB);
    const few = Buffer.from(JSON.stringify(['x'.repeat(10 * MB)]));
    expect((await unpacked(few, undefined, limits)).length).toBe(few.length);
    const many = Buffer.from(`[${'{},'.repeat(2 * MB)}{}]`);
    expect(many.length).toBeLessThan(few.length);
    await expect(unpacked(many, undefined, limits)).rejects.toThrow(BodyTooLargeError);
  });

  it('fails where its encoding is not known or it is damaged', async () => {
    await expect(unpacked(plain, 'compress')).rejects.toThrow('compress');
    await expect(unpacked(plain, 'constructor')).rejects.toThrow('the content encoding constructor is not');
    await expect(unpacked(plain, 'gzip')).rejects.toThrow();
  });

  it('is not unpacked more than three times: each may cost as much as the first', async () => {
    const four = gzipSync(gzipSync(gzipSync(gzipSync(plain))));
    await expect(unpacked(four, 'gzip, gzip, gzip, gzip')).rejects.toThrow('4 content encodings');
  });

  it('may be 64 MB at most, however large the heap is', () => {
    expect(bodyLimits(100_000 * MB).bytes).toBe(64 * MB);
    expect(bodyLimits(192 * MB).bytes).toBe(12 * MB);
  });
});
