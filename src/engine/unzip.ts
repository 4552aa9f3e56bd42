// The files of a ZIP archive as one stream, unpacked as it arrives and within bounds. It knows neither where the archive comes from
// nor what is in it.
import { Unzip, UnzipInflate } from 'fflate';
import { RejectedError } from '../connector.ts';

/** As much as a download may have. */
const maxBytes = 16 * 1024 ** 3;
/** Where an archive ends, its directory says so. */
const endMark = Buffer.from('PK\u0005\u0006', 'latin1');
/** The longest end that is looked for: a comment may follow. */
const maxEndBytes = 4096;
const lineEnd = Buffer.from('\n');

/** The files one after the other, a line end behind each. `of`: whose archive it is, for what errors say. */
export async function* unzipped(
  bytes: AsyncIterable<Uint8Array>,
  { of, most = maxBytes }: { of: string; most?: number },
): AsyncGenerator<Uint8Array> {
  const ready: Uint8Array[] = [];
  let unpacked = 0;
  let end: Buffer = Buffer.alloc(0);
  const damaged = (why: unknown) =>
    new RejectedError(`${of} sent an archive that is damaged or not whole: ${(why as Error).message}`, {
      code: 'export_incomplete',
    });
  const archive = new Unzip((file) => {
    file.ondata = (error, piece, isLast) => {
      if (error) throw error;
      unpacked += piece.length;
      ready.push(piece);
      if (isLast) ready.push(lineEnd);
    };
    file.start();
  });
  archive.register(UnzipInflate);
  const push = (piece: Uint8Array, isLast: boolean) => {
    try {
      archive.push(piece, isLast);
    } catch (error) {
      throw damaged(error);
    }
    if (unpacked > most)
      throw new RejectedError(`${of} sent an archive that is larger than ${most} bytes unpacked`, {
        code: 'file_too_large',
      });
  };
  for await (const piece of bytes) {
    if (end.length < endMark.length && !isArchive(Buffer.concat([end, piece])))
      throw damaged(new Error('it does not begin as an archive does'));
    end = Buffer.concat([end, piece.subarray(-maxEndBytes)]).subarray(-maxEndBytes);
    push(piece, false);
    yield* ready.splice(0);
  }
  if (!end.includes(endMark)) throw damaged(new Error('it has no end'));
  push(new Uint8Array(), true);
  yield* ready.splice(0);
}

/** The first file, or the end of an archive without any; so far as they have arrived. */
function isArchive(beginning: Buffer): boolean {
  return ['PK\u0003\u0004', 'PK\u0005\u0006'].some((mark) =>
    mark.startsWith(beginning.toString('latin1', 0, mark.length)),
  );
}
