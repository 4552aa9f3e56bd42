// What Tributary is configured with in a bench: the simulated vendors, and one mapping. It does not know what is measured.

export interface Addresses {
  hubspot: string;
  voucherify: string;
}

interface Settings {
  destination?: object;
  source?: object;
}

/** Quotas that never hold anything up, for those who measure the machine. */
export const quotasOpen: Settings = {
  destination: {
    quota: { requests: 1_000_000, seconds: 60 },
    bulkQuota: { requests: 1_000_000, seconds: 3600 },
    // The simulated project merges, and the yardstick takes that for granted too.
    metadataWrites: 'merge',
  },
  source: { quota: { requests: 1_000_000, seconds: 10 }, searchPerSecond: 50 },
};

/** Without more settings: nothing but the addresses and keys, and a mapping with four metadata keys and three parts of the address. */
export function configurationOf(
  { hubspot, voucherify }: Addresses,
  { destination, source }: Settings = {},
): object {
  return {
    destination: {
      connector: 'voucherify',
      appId: 'bench',
      appToken: 'bench',
      baseUrl: voucherify,
      ...destination,
    },
    sources: {
      hubspot: {
        connector: 'hubspot',
        accessToken: 'bench',
        baseUrl: hubspot,
        ...source,
        mapping: {
          name: ['firstname', 'lastname'],
          email: 'email',
          phone: 'phone',
          'address.city': 'city',
          'address.postal_code': 'zip',
          'address.country': 'country',
          'metadata.lifecycle_stage': 'lifecyclestage',
          'metadata.company': 'company',
          'metadata.loyalty_points': { from: 'loyalty_points', as: 'number' },
          'metadata.newsletter': { from: 'newsletter_opt_in', as: 'boolean' },
        },
      },
    },
  };
}
