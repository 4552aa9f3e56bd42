// Downloads straight from a Hono app, as the engine would make them: no network, no quotas, no redirects.
import type { Hono } from 'hono';
import { type ApiDescription, RejectedError, TransientError } from '#connector';
import { errorOf, isOwn, Secrets } from '../../src/engine/http/answer-error.ts';
import type { Download, DownloadRequest } from '../../src/engine/http/download.ts';

/** Only the vendor's own host gets the credentials. */
export function directDownload(
  app: Pick<Hono, 'request'>,
  description: ApiDescription,
): (request: DownloadRequest) => Promise<Download> {
  const { baseUrl, headers } = description;
  return async ({ url }) => {
    const address = url.startsWith('/') ? baseUrl + url : url;
    const isOurs = address.startsWith(`${baseUrl}/`);
    const response = await app.request(address, { headers: isOurs ? { ...headers } : {} });
    const headersOf = Object.fromEntries(response.headers);
    if (response.ok) return { headers: headersOf, bytes: response.body ?? new Blob([]).stream() };
    const { status } = response;
    const text = await response.text();
    const answer = { status, headers: headersOf, json: parsed(text) };
    const refusal = { response: answer, text, request: { path: url }, readings: [], now: 0 };
    if (isOurs && isOwn(refusal, description))
      throw errorOf(refusal, { name: 'the vendor', description, secrets: new Secrets({}) });
    // A storage service speaks for itself, and not in JSON.
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
