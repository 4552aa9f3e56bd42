// Where a vendor's own pages show a record, as its connector gives the address. Only https leaves this server.
import { type PagedRecord, pageAt } from '../connector/record-page.ts';
import type { Connector } from '../connector.ts';
import type { Deps } from './deps.ts';

/** Null where the connector does not tell, and for records of sources that are gone. */
export function recordPage(
  { tributary }: Deps,
  { source, ...record }: PagedRecord & { source: string },
): string | null {
  const config = tributary.rules.source(source)?.config;
  const address = config ? recordPageOf(config.connector, config.settings, record) : null;
  return address !== null && URL.parse(address)?.protocol === 'https:' ? address : null;
}

export function recordPageOf(
  { source, api }: Connector,
  settings: unknown,
  record: PagedRecord,
): string | null {
  const page = source?.recordPage;
  if (typeof page === 'function') return page(settings, record);
  return page && api ? pageAt(page, api(settings).baseUrl, record) : null;
}
