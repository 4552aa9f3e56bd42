// The configuration that the workers of a simulation go by, and where its vendors are.
import { connectors } from '../../connectors/index.ts';
import { checkConfig } from '../../src/config.ts';
import type { Traits, VendorName } from './history.ts';
import { shopSource } from './shop.ts';

export const origins: { readonly [vendor in VendorName]: string } = {
  hubspot: 'http://hubspot.simulated',
  voucherify: 'http://voucherify.simulated',
};
export const publicUrl = 'https://sync.example.com';
export const keys = {
  accessToken: 'pat-simulated-00000000',
  clientSecret: 'a-client-secret-of-the-simulation',
  appId: 'app-id',
  appToken: 'app-token-00000000',
};

/** What the destination counts. */
export const quotas = {
  apiCalls: { requests: 200, seconds: 60 },
  bulkCalls: { requests: 20, seconds: 60 },
};

/** `variant`: 1 maps a field more than 0. */
export function configurationOf(traits: Traits, variant: number): ReturnType<typeof checkConfig> {
  const limit = { share: 1, count: traits.maxLost ?? 1_000_000 };
  const { accessToken, clientSecret, appId, appToken } = keys;
  const raw = {
    publicUrl,
    metadataSchema: 'none',
    onOrphaned: 'delete',
    breaker: { deleted: limit, blanked: limit },
    merge: { default: 'newest', fields: { name: ['hubspot', 'shop'] } },
    destination: {
      connector: 'voucherify',
      appId,
      appToken,
      baseUrl: origins.voucherify,
      quota: { ...quotas.apiCalls, reserve: 0 },
      bulkQuota: { ...quotas.bulkCalls, reserve: 0 },
      metadataWrites: traits.metadataWrites,
    },
    sources: {
      hubspot: {
        connector: 'hubspot',
        accessToken,
        clientSecret,
        baseUrl: origins.hubspot,
        schedule: traits.scheduleMinutes === 60 ? '0 * * * *' : `*/${traits.scheduleMinutes} * * * *`,
        mapping: {
          name: ['firstname', 'lastname'],
          email: 'email',
          phone: { from: 'phone', as: 'text' },
          'address.city': 'city',
          'metadata.lifecycle_stage': 'lifecyclestage',
          'metadata.loyalty_points': { from: 'loyalty_points', as: 'number' },
          ...(variant === 1 && { 'metadata.stage_code': 'lifecyclestage' }),
        },
      },
      shop: { ...shopSource, mapping: { name: 'name', ...shopSource.mapping } },
    },
  };
  return checkConfig('simulation', raw, {}, connectors);
}
