// The configuration that reads and writes the sandbox's vendors, as a file would hold it.
import { keys, own } from './keys.ts';

export interface Addresses {
  hubspot: string;
  klaviyo: string;
  voucherify: string;
  /** Where Tributary takes webhooks. */
  door: string;
}

export function sandboxConfig({ hubspot, klaviyo, voucherify, door }: Addresses): object {
  const fields = (named: (name: string) => string) =>
    Object.fromEntries(Object.entries(own).map(([name, { from }]) => [named(name), from]));
  return {
    publicUrl: door,
    destination: {
      connector: 'voucherify',
      ...keys.voucherify,
      baseUrl: voucherify,
      quota: { requests: 2000, seconds: 60, reserve: 0.2 },
      bulkQuota: { requests: 60, seconds: 3600 },
      metadataWrites: 'merge',
    },
    sources: {
      hubspot: {
        connector: 'hubspot',
        ...keys.hubspot,
        baseUrl: hubspot,
        schedule: '*/10 * * * * *',
        mapping: {
          name: ['firstname', 'lastname'],
          email: 'email',
          phone: { from: 'phone', as: 'text' },
          'address.city': 'city',
          'address.postal_code': 'zip',
          'address.country': 'country',
          'metadata.lifecycle_stage': 'lifecyclestage',
          'metadata.company': 'company',
          'metadata.newsletter': { from: 'newsletter_opt_in', as: 'boolean' },
        },
      },
      klaviyo: {
        connector: 'klaviyo',
        ...keys.klaviyo,
        baseUrl: klaviyo,
        schedule: '*/15 * * * * *',
        mapping: {
          name: ['first_name', 'last_name'],
          email: 'email',
          birthdate: 'properties.birthday',
          'metadata.language': 'locale',
          'metadata.favourite_category': 'properties.favourite_category',
        },
      },
      segment: {
        connector: 'segment',
        webhookSecret: keys.segment.sharedSecret,
        mapping: {
          'metadata.last_viewed_category': 'last_viewed_category',
          'metadata.app_version': 'app_version',
        },
      },
    },
    // The CRM knows names best, because people check them; subscribers themselves type in where they read their mail.
    merge: { default: 'newest', fields: { name: ['hubspot', 'klaviyo'], email: ['klaviyo', 'hubspot'] } },
    // Low, so that a person sees what it does.
    breaker: { blanked: { share: 0.05, count: 30 } },
    verify: { schedule: '0 */2 * * * *' },
    writeBack: {
      klaviyo: { fields: fields((name) => `voucherify_${name}`) },
      hubspot: { fields: fields((name) => `voucherify_${name}`) },
    },
  };
}
