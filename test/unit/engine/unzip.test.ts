// ZIP archives that are unpacked as they arrive: as other programs write them, cut off, damaged, and larger than they look.
import { zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { zip } from '../../../simulators/zip.ts';
import { unzipped } from '../../../src/engine/unzip.ts';

async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let from = 0; from < bytes.length; from += size) yield bytes.subarray(from, from + size);
}

async function text(bytes: Uint8Array, { size = 7, most = 1_000_000 } = {}): Promise<string> {
  const pieces: Uint8Array[] = [];
  for await (const piece of unzipped(inPieces(bytes, size), { of: 'Acme', most })) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}

const files = Array.from({ length: 20 }, (_, at) => ({
  name: `${at}.txt`,
  text: `{"at":${at},"name":"Zoë"}`,
}));
const lines = files.map(({ text }) => `${text}\n`).join('');

describe('an archive', () => {
  it('is one stream of its files, wherever its bytes are cut, with sizes before or behind them', async () => {
    const sized = zipSync(Object.fromEntries(files.map(({ name, text }) => [name, Buffer.from(text)])));
    for (const size of [1, 3, 64, 100_000])
      for (const archive of [zip(files), Buffer.from(sized)])
        expect(await text(archive, { size })).toBe(lines);
    expect(await text(zip([]))).toBe('');
  });

  it('may hold files that are not compressed', async () => {
    const stored = zipSync({ 'a.txt': [Buffer.from('a'), { level: 0 }] });
    expect(await text(Buffer.from(stored))).toBe('a\n');
  });

  it('that is cut off or damaged is not taken for the whole', async () => {
    const archive = zip(files);
    for (const end of [10, archive.length >> 1, archive.length - 30])
      await expect(text(archive.subarray(0, end)), String(end)).rejects.toMatchObject({
        code: 'export_incomplete',
      });
    for (const strange of ['', '<html>Sign in</html>', 'PK'])
      await expect(text(Buffer.from(strange)), strange).rejects.toMatchObject({ code: 'export_incomplete' });
  });

  it('is refused where it unpacks to more than it may', async () => {
    const bomb = zip([{ name: 'a.txt', text: 'x'.repeat(200_000) }]);
    expect(bomb.length).toBeLessThan(1_000);
    await expect(text(bomb, { most: 100_000 })).rejects.toMatchObject({ code: 'file_too_large' });
  });
});
