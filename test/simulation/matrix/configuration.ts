// What the worker of the crash matrix is told. Everything that a scenario needs beyond the usual is a choice here.
import { connectors } from '../../../connectors/index.ts';
import { checkConfig } from '../../../src/config.ts';
import { keys, origins, publicUrl, quotas } from '../configuration.ts';
import { shopSource } from '../shop.ts';

export const salesforceOrigin = 'https://acme.my.salesforce.com';
export const webhookSecret = 'a-webhook-secret-of-the-simulation';
export const salesforceApp = {
  clientId: '3MVG9-of-the-simulation',
  clientSecret: 'a-client-secret-of-salesforce',
  refreshToken: 'the-first-refresh-token',
};

export interface Choices {
  /** HubSpot's life-cycle stage goes to a second field. */
  isMappedTwice?: boolean;
  /** Voucherify's points flow back to HubSpot. */
  writesBack?: boolean;
  /** Salesforce is a source, too. */
  hasSalesforce?: boolean;
}

export function configurationOf(choices: Choices = {}): ReturnType<typeof checkConfig> {
  const unlimited = { share: 1, count: 1_000_000 };
  const { accessToken, clientSecret, appId, appToken } = keys;
  // Runs are asked for: none begins in the middle of something else.
  const schedule = '0 0 1 1 *';
  const raw = {
    publicUrl,
    metadataSchema: 'none',
    onOrphaned: 'delete',
    breaker: { deleted: unlimited, blanked: unlimited },
    destination: {
      connector: 'voucherify',
      appId,
      appToken,
      baseUrl: origins.voucherify,
      quota: { ...quotas.apiCalls, reserve: 0 },
      bulkQuota: { ...quotas.bulkCalls, reserve: 0 },
      metadataWrites: 'merge',
      webhookSecret,
    },
    sources: {
      hubspot: {
        connector: 'hubspot',
        accessToken,
        clientSecret,
        baseUrl: origins.hubspot,
        schedule,
        mapping: {
          name: ['firstname', 'lastname'],
          email: 'email',
          phone: { from: 'phone', as: 'text' },
          'address.city': 'city',
          'metadata.lifecycle_stage': 'lifecyclestage',
          'metadata.loyalty_points': { from: 'loyalty_points', as: 'number' },
          ...(choices.isMappedTwice && { 'metadata.stage_code': 'lifecyclestage' }),
        },
      },
      shop: shopSource,
      ...(choices.hasSalesforce && {
        salesforce: {
          connector: 'salesforce',
          baseUrl: salesforceOrigin,
          oauth: salesforceApp,
          schedule,
          mapping: { name: 'FirstName', email: 'Email' },
        },
      }),
    },
    ...(choices.writesBack && { writeBack: { hubspot: { fields: { vf_points: 'loyalty.points' } } } }),
  };
  return checkConfig('crash matrix', raw, {}, connectors);
}
