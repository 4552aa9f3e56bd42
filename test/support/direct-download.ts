// Downloads straight from a Hono app, as the engine would make them: no network, no quotas, no redirects.
import type { Hono } from 'hono';
import { type ApiDescription, RejectedError, TransientError } from '#connector';
import type { Download, DownloadRequest } from '../../src/engine/http/download.ts';

/** Only the vendor's own host gets the credentials. */
export function directDownload(
  app: Pick<Hono, 'request'>,
  { baseUrl, headers, errorFor }: ApiDescription,
): (request: DownloadRequest) => Promise<Download> {
  return async ({ url }) => {
    const address = url.startsWith('/') ? baseUrl + url : url;
    const isOwn = address.startsWith(`${baseUrl}/`);
    const response = await app.request(address, { headers: isOwn ? { ...headers } : {} });
    const headersOf = Object.fromEntries(response.headers);
    if (response.ok) return { headers: headersOf, bytes: response.body ?? new Blob([]).stream() };
    const { status } = response;
    const text = await response.text();
    const json = parsed(text);
    // A storage service speaks for itself, and not in JSON.
    const told =
      isOwn && json !== undefined && errorFor?.({ status, headers: headersOf, json }, { path: url }, 0);
    if (told) throw told;
    if (status >= 500 || status === 429)
      throw new TransientError(`the file was answered ${status}`, { status });
    throw new RejectedError(`the file was answered ${status}`, { status, code: `http_${status}` });
  };
}

function parsed(text: string) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
