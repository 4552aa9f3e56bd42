// What the processes of the freshness bench agree on. It does nothing.

export const clientSecret = 'a-client-secret-of-the-bench';
export const eventSecret = 'an-event-secret-of-the-bench';
export const publicUrl = 'https://sync.example.org';

/** Of the plan called Organization: https://docs.voucherify.io/guides/limits. */
export const quotas = { calls: { requests: 2_000, seconds: 60 }, bulk: { requests: 100, seconds: 3_600 } };

/** Milliseconds from each change to its being written at the destination, by what its webhook told. */
export interface Lags {
  record: number[];
  touch: number[];
}

export interface Addresses {
  hubspot: string;
  voucherify: string;
  control: string;
}
