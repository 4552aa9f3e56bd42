// A vendor that holds everyone to strict sliding windows, as a process of its own: so many calls in any span, the rest is
// refused with 429. It also says when to begin. It does not know who calls.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { type QuotaWindow, QuotaWindows } from '../simulators/quota-windows.ts';

/** There and back: a call is counted half-way. */
const latencyMs = 20;

interface Account {
  windows: QuotaWindows;
  admittedAt: number[];
  refused: number;
}

const accounts = new Map<string, Account>();
const begun = new Map<string, PromiseWithResolvers<void>>();
const beginning = (leg: string) => {
  const known = begun.get(leg) ?? Promise.withResolvers<void>();
  begun.set(leg, known);
  return known;
};

const server = createServer(async (request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://vendor');
  const [, what = '', name = ''] = pathname.split('/');
  const answer = (status: number, body: object, headers = {}) =>
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
  request.resume();
  if (what === 'begin') {
    beginning(name).resolve();
    return answer(200, {});
  }
  if (what === 'begun') {
    await beginning(name).promise;
    return answer(200, {});
  }
  const account = accounts.get(name) ?? open(name, searchParams);
  if (what === 'tally') return answer(200, tally(account, Number(searchParams.get('span'))));
  await delay(latencyMs / 2);
  const now = performance.now();
  const admission = account.windows.admit(now);
  if (admission.admitted) account.admittedAt.push(now);
  else account.refused += 1;
  await delay(latencyMs / 2);
  if (admission.admitted) return answer(200, {});
  return answer(429, { message: 'too many' }, { 'retry-after': Math.ceil(admission.retryAfterSeconds) });
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => {
  console.log(JSON.stringify(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
});

function open(name: string, query: URLSearchParams): Account {
  const window = { name, requests: Number(query.get('requests')), seconds: Number(query.get('seconds')) };
  const account = { windows: new QuotaWindows([window]), admittedAt: [], refused: 0 };
  accounts.set(name, account);
  return account;
}

/**
 * Of a span of whole windows from the first call on: how many calls were admitted of those that could have been, and how
 * full the sliding window was on average once it had passed for the first time. The second sees also what the last
 * window of the first hides, where calls come in bursts.
 */
function tally({ windows, admittedAt, refused }: Account, spanMs: number) {
  const [{ requests, seconds }] = windows.windows as [QuotaWindow];
  const windowMs = seconds * 1000;
  const first = admittedAt[0] ?? 0;
  const end = first + spanMs;
  const admitted = admittedAt.filter((at) => at < end).length;
  const inWindowMs = admittedAt.reduce(
    (sum, at) => sum + Math.max(Math.min(at + windowMs, end) - Math.max(at, first + windowMs), 0),
    0,
  );
  return {
    usedPercent: (100 * admitted) / (requests * (spanMs / windowMs)),
    filledPercent: (100 * inWindowMs) / (requests * (spanMs - windowMs)),
    refused,
  };
}
