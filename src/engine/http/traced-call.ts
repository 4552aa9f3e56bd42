// A call to a vendor as a span, by the names that OpenTelemetry has for HTTP. Neither path nor query are told of: both may name
// a person or hold a secret.
import { within } from '../trace/trace.ts';

/** What is learned of a request while it is made. */
export interface Seen {
  /** Of the last answer. */
  status: number;
  /** How often it was sent: once more with a new token. */
  calls: number;
}

export function traced<Result>(
  { endpoint, method, url, seen }: { endpoint: string; method: string; url: URL; seen: Seen },
  call: () => Promise<Result>,
): Promise<Result> {
  const resends = seen.calls;
  seen.calls += 1;
  const attributes = {
    'http.request.method': method,
    'server.address': url.hostname,
    'server.port': Number(url.port) || (url.protocol === 'http:' ? 80 : 443),
    ...(resends > 0 && { 'http.request.resend_count': resends }),
    'tributary.endpoint': endpoint,
  };
  return within(method, { kind: 'client', attributes }, async (span) => {
    seen.status = 0;
    try {
      return await call();
    } finally {
      if (seen.status > 0) span.set({ 'http.response.status_code': seen.status });
    }
  });
}
