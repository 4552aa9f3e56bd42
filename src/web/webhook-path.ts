// The path of a webhook request, however the vendor's screens and the proxies before us have written it. It knows no
// source.

export interface WebhookPath {
  /** Empty where none is named. */
  source: string;
  /** The segment behind the source's name. */
  token: string | null;
  /** More segments than that: it can be no webhook's. */
  isTooLong: boolean;
}

const maxSegments = 12;

/**
 * Doubled slashes and one at the end mean nothing, `webhooks` is known in any letter case, and whatever stands before it is
 * the prefix of a proxy. `path`: percent-encoded, without its query. `prefix`: the path of `publicUrl`. Null: it is not of
 * webhooks.
 */
export function webhookPath(path: string, prefix: string): WebhookPath | null {
  const segments = segmentsOf(path);
  const before = segmentsOf(prefix);
  const isAt = (index: number) => segments[index]?.toLowerCase() === 'webhooks';
  const isBelow = isAt(before.length) && before.every((segment, index) => segments[index] === segment);
  const at = isBelow ? before.length : segments.findIndex((_, index) => isAt(index));
  // The page of the documentation about them.
  if (segments.length === 2 && segments[0] === 'docs') return null;
  if (at === -1 || at > maxSegments || (!isBelow && segments[0] === 'api')) return null;
  const [source = '', token = null, ...rest] = segments.slice(at + 1);
  return { source, token, isTooLong: rest.length > 0 };
}

function segmentsOf(path: string): string[] {
  return path.split('/', 64).flatMap((segment) => decoded(segment).trim() || []);
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

/**
 * The address as the vendor called it: scheme and host of `publicUrl`, for any header may be forged. A proxy passes the
 * prefix of that on, or takes it off. `target`: path and query as they came.
 */
export function calledUrl(publicUrl: string, target: string): string {
  const { origin, pathname } = new URL(publicUrl);
  const prefix = pathname.replace(/\/+$/, '');
  const isWithPrefix = prefix !== '' && target.startsWith(`${prefix}/`);
  return `${origin}${isWithPrefix ? '' : prefix}${target}`;
}
