// A process with a worker's heap that is given answers at and beyond what it can hold. It knows no test.
import { gzipSync } from 'node:zlib';
import { BodyTooLargeError, bodyLimits, unpacked } from '../../src/engine/http/unpacking.ts';

const MB = 1024 * 1024;
const rows = (bytes: number) =>
  JSON.stringify(Array.from({ length: 100 }, (_, id) => ({ id, note: 'x'.repeat(bytes / 100) })));
// By the thousand: millions of short texts at once would cost more of the heap than anything that is tested here.
const thousand = (first: number) =>
  Array.from({ length: 1_000 }, (_, index) => `{"a":${first + index}}`).join();
const many = (count: number) =>
  `[${Array.from({ length: count / 1_000 }, (_, index) => thousand(index * 1_000)).join()}]`;
let refused = 0;
let taken = 0;
for (const text of [rows(48 * MB), rows(11 * MB), many(300_000), many(2_000_000)]) {
  const packed = gzipSync(text);
  try {
    const kept = [];
    // The page that is taken in, and the next one.
    for (let page = 0; page < 2; page += 1)
      kept.push(JSON.parse((await unpacked(packed, 'gzip', bodyLimits())).toString()));
    taken += kept.length;
  } catch (error) {
    if (!(error instanceof BodyTooLargeError)) throw error;
    refused += 1;
  }
}
process.stdout.write(JSON.stringify({ refused, taken }));
