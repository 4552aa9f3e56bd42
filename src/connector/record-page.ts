// Where people see a record in the vendor's own pages. It knows no vendor.
import type { Json, JsonObject } from './json.ts';
import { valueAt, wordOf } from './reading.ts';

/** A record that people want to see at its vendor. */
export interface PagedRecord {
  stream: string;
  recordId: string;
  body: JsonObject;
}

/**
 * The host of the API, and the address of a record's page. `*`: one label of the host that is not `api`, the same in both. In the address
 * `{recordId}` stands for the ID of the record, and another name in braces for what the record has at that path.
 */
export type PageAddress = readonly [apiHost: string, address: string];

/** Null where the API is at another host, such as that of a proxy, or the record lacks what the address needs. */
export function pageAt([apiHost, address]: PageAddress, baseUrl: string, record: PagedRecord): string | null {
  const label = labelIn(apiHost, new URL(baseUrl).host);
  if (label === null) return null;
  const values: JsonObject = { ...record.body, recordId: record.recordId };
  const parts = address.replace('*', label).split(/\{([^}]+)\}/);
  const written = parts.map((part, at) => (at % 2 === 0 ? part : encoded(valueAt(values, part))));
  return written.includes(null) ? null : written.join('');
}

/** What `*` stands for in a host; empty where there is none, null for another host. */
function labelIn(apiHost: string, host: string): string | null {
  const [before, after] = apiHost.split('*') as [string, string?];
  if (after === undefined) return host === apiHost ? '' : null;
  if (!host.startsWith(before) || !host.endsWith(after)) return null;
  const label = host.slice(before.length, host.length - after.length);
  return /^[a-z0-9-]+$/.test(label) && label !== 'api' ? label : null;
}

function encoded(value: Json | undefined): string | null {
  const word = wordOf(value);
  return word === undefined ? null : encodeURIComponent(word);
}
