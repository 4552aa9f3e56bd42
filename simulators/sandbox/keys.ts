// The sandbox's own credentials, which open nothing but it, and the names of what is written back.

export const keys = {
  hubspot: { accessToken: 'pat-sandbox-00000000', clientSecret: 'sandbox-client-secret' },
  klaviyo: { apiKey: 'pk_sandbox00000000', webhookSecret: 'sandbox-klaviyo-secret' },
  segment: { sharedSecret: 'sandbox-segment-secret' },
  voucherify: {
    appId: 'sandbox-app',
    appToken: 'sandbox-token',
    webhookSecret: 'sandbox-voucherify-secret',
  },
} as const;

/** What flows back from Voucherify to the CRM and the newsletter, by its name there. */
export const own = {
  points: { type: 'number', label: 'Points at Voucherify', from: 'loyalty.points' },
  tier: { type: 'string', label: 'Tier at Voucherify', from: 'loyalty.tier' },
  last_code: { type: 'string', label: 'Last code of Voucherify', from: 'vouchers.last.code' },
} as const;

export type Own = keyof typeof own;
