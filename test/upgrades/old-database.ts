// A database that an earlier commit left, with what its vendors held: where it is kept, and the configuration it was made with.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { HubSpotSnapshot } from '../../simulators/hubspot.ts';
import type { VoucherifySnapshot } from '../../simulators/voucherify.ts';

export interface OldDatabase {
  commit: string;
  /** Statements that make it in an empty database. */
  sql: string;
  hubspot: HubSpotSnapshot;
  voucherify: VoucherifySnapshot;
}

export const fixtures = join(import.meta.dirname, '../fixtures/upgrades');

const ending = '.json.gz';

/** `name`: of the newest migration, and the commit. */
export const pathOf = (name: string) => join(fixtures, `${name}${ending}`);

export const voucherifyKeys = { appId: 'app-id', appToken: 'app-token-00000000' };

/** The oldest first. */
export function oldDatabases(): string[] {
  return readdirSync(fixtures)
    .map((file) => file.replace(ending, ''))
    .sort();
}

export function readOldDatabase(name: string): OldDatabase {
  return JSON.parse(gunzipSync(readFileSync(pathOf(name))).toString());
}

/** Of keys that each commit knew. */
export function rawConfig(at: { hubspot: string; voucherify: string }) {
  return {
    destination: {
      connector: 'voucherify',
      ...voucherifyKeys,
      baseUrl: at.voucherify,
      quota: { requests: 10_000, seconds: 10, reserve: 0 },
      metadataWrites: 'merge',
    },
    sources: {
      hubspot: {
        connector: 'hubspot',
        accessToken: 'pat-test-00000000',
        baseUrl: at.hubspot,
        quota: { requests: 10_000, seconds: 10 },
        searchPerSecond: 50,
        mapping: {
          name: ['firstname', 'lastname'],
          email: 'email',
          phone: { from: 'phone', as: 'text' },
          'address.city': 'city',
          'metadata.loyalty_points': { from: 'loyalty_points', as: 'number' },
        },
      },
      list: {
        connector: 'csv',
        mapping: { name: 'Name', 'metadata.points': { from: 'points', as: 'number' } },
      },
    },
  };
}
