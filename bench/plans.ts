// What Voucherify's plans allow, as published. Bulk calls are those of the smallest paid plan that named a figure.
export const plans = {
  business: { apiCalls: { requests: 100, seconds: 60 }, bulkCalls: { requests: 10, seconds: 3600 } },
} as const;
export type Plan = keyof typeof plans;
export const planNames = Object.keys(plans) as Plan[];
