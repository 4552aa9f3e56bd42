// Versions of vendors' APIs that end soon, of the sources and the destination. It asks nobody: each connector knows.
import type { Config } from '../config.ts';
import { endNotice } from '../connector/api-version.ts';
import { destinationName } from '../tables/pauses.ts';

export interface ApiEnd {
  /** The source's name, or `destination`. */
  name: string;
  version: string | null;
  /** `YYYY-MM-DD`. */
  endsOn: string;
  note: string;
}

/** Those that end within 90 days of `now` (epoch milliseconds), or have ended. */
export function apiEnds(
  { sources, destination }: Pick<Config, 'sources' | 'destination'>,
  now: number,
): ApiEnd[] {
  return [...sources, { ...destination, name: destinationName }].flatMap(({ name, connector, settings }) => {
    const version = connector.apiVersion?.(settings);
    const note = version ? endNotice(name, connector.name, version, now) : null;
    if (!version?.endsOn || note === null) return [];
    return [{ name, version: version.name, endsOn: version.endsOn, note }];
  });
}
