// A request's body as it goes over the wire: JSON, or a form with one file in it. It knows no connection.
import { randomUUID } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import type { ApiFile, ApiRequest, Json } from '../../connector.ts';

export interface RequestBody {
  contentType: string;
  content: Buffer;
}

/** Of a list, so many records are written in one turn of the event loop: 25,000 in one go keep a webhook waiting for 60 ms. */
const recordsAtOnce = 500;

/** Null where the request has none. */
export async function bodyOf({ file, json }: ApiRequest): Promise<RequestBody | null> {
  if (file) return formOf(file);
  if (json === undefined) return null;
  const isLong = Array.isArray(json) && json.length > recordsAtOnce;
  const content = isLong ? await inTurns(json) : Buffer.from(JSON.stringify(json));
  return { contentType: 'application/json', content };
}

async function inTurns(list: readonly Json[]): Promise<Buffer> {
  const parts: Buffer[] = [];
  for (let from = 0; from < list.length; from += recordsAtOnce) {
    if (from > 0) await setImmediate();
    const brackets = JSON.stringify(list.slice(from, from + recordsAtOnce));
    parts.push(Buffer.from(`${from > 0 ? ',' : '['}${brackets.slice(1, -1)}`));
  }
  return Buffer.concat([...parts, Buffer.from(']')]);
}

/** RFC 7578: one part, between lines that nobody can guess, so that no content holds them. */
function formOf({ field, name, contentType, content }: ApiFile): RequestBody {
  const boundary = `tributary-${randomUUID()}`;
  const head = [
    `--${boundary}`,
    `Content-Disposition: form-data; name="${escaped(field)}"; filename="${escaped(name)}"`,
    `Content-Type: ${contentType}`,
    '\r\n',
  ];
  return {
    contentType: `multipart/form-data; boundary=${boundary}`,
    content: Buffer.concat([
      Buffer.from(head.join('\r\n')),
      Buffer.from(content),
      Buffer.from(`\r\n--${boundary}--\r\n`),
    ]),
  };
}

/** As browsers write names: a quote or a line's end would end the header. */
function escaped(name: string): string {
  return name.replace(/["\r\n]/g, encodeURIComponent);
}
