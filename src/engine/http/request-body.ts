// A request's body as it goes over the wire: JSON, or a form with one file in it. It knows no connection.
import { randomUUID } from 'node:crypto';
import type { ApiFile, ApiRequest } from '../../connector.ts';

export interface RequestBody {
  contentType: string;
  content: Buffer;
}

/** Null where the request has none. */
export function bodyOf({ file, json }: ApiRequest): RequestBody | null {
  if (file) return formOf(file);
  if (json === undefined) return null;
  return { contentType: 'application/json', content: Buffer.from(JSON.stringify(json)) };
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
