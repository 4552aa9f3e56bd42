// A stream read to its end, and no further than a limit. It knows no request.

export class TooManyBytesError extends Error {
  override name = 'TooManyBytesError';
}

/** Throws TooManyBytesError as soon as the limit is passed; the rest is not read. */
export async function readCapped(
  stream: ReadableStream<Uint8Array> | null,
  mostBytes: number,
): Promise<Uint8Array> {
  if (!stream) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    bytes += chunk.length;
    if (bytes > mostBytes) throw new TooManyBytesError(`more than ${mostBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
