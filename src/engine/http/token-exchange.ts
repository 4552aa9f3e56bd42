// One request to a vendor's token address. It draws on no quota: vendors count no such call, and without a token nothing goes
// on. It knows no grant.
import { parseJson } from '../../connector/json.ts';
import { retryAfterMs } from '../../connector/reading.ts';
import { type Json, TransientError } from '../../connector.ts';
import type { Clock } from '../clock.ts';
import { Secrets } from './answer-error.ts';
import { reasonOf } from './connection-reasons.ts';
import type { Connect, Proxies } from './connections.ts';
import { type TokenAnswer, type TokenRequest, tokenBody } from './token-request.ts';

/** Bounded in all, however slowly the answer trickles in. */
const timeoutMs = 30_000;
/** An access token is a few kilobytes at most. */
const maxBytes = 65_536;

/** `name`: whose token it is, for the error. Throws TransientError where no answer comes. */
export async function exchangeToken(
  request: TokenRequest,
  {
    name,
    clock,
    connect,
    proxies,
  }: { name: string; clock: Clock; connect: Connect; proxies: Proxies | null },
): Promise<TokenAnswer> {
  const { url, form, authorization } = request;
  const { contentType, text } = tokenBody(request);
  const over = new AbortController();
  const cut = new AbortController();
  void clock.sleep(timeoutMs, over.signal).then(() => cut.abort());
  const { origin, pathname, search } = new URL(url);
  const dispatcher = connect(origin, { connections: 1, proxies });
  try {
    const { statusCode, headers, body } = await dispatcher.request({
      origin,
      path: `${pathname}${search}`,
      method: 'POST',
      headers: {
        'content-type': contentType,
        accept: 'application/json',
        ...(authorization !== undefined && { authorization }),
      },
      body: text,
      signal: cut.signal,
    });
    const json = parsed(await shortText(body));
    const wait = [headers['retry-after']].flat()[0];
    return { status: statusCode, json, retryAfterMs: retryAfterMs(wait, clock.now()) };
  } catch (cause) {
    const secrets = new Secrets({ ...form, ...(authorization !== undefined && { authorization }) });
    const hidden = secrets.hideInError(cause as Error);
    throw new TransientError(`the token URL of ${name} cannot be reached: ${reasonOf(hidden)}`, {
      uncertain: false,
      cause: hidden,
    });
  } finally {
    over.abort();
    void dispatcher.destroy().catch(() => {});
  }
}

/** Throws where the body is longer. */
async function shortText(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new Error(`the response is longer than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function parsed(text: string): Json | undefined {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}
