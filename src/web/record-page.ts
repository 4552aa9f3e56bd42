// Where a vendor's own pages show a record, as its connector gives the address. Only https leaves this server.
import type { PagedRecord } from '../connector/source.ts';
import type { Deps } from './deps.ts';

/** Null where the connector does not tell, and for records of sources that are gone. */
export function recordPage(
  { tributary }: Deps,
  { source, ...record }: PagedRecord & { source: string },
): string | null {
  const config = tributary.rules.source(source)?.config;
  const address = config?.connector.source?.recordPage?.(config.settings, record) ?? null;
  return address !== null && URL.parse(address)?.protocol === 'https:' ? address : null;
}
