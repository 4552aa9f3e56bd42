// Stripe's export of customers: labels of the dashboard, and metadata as `KEY (metadata)`.
// Source: headers in public importers (2017–2026).
import type { ExportFormat } from '../export-format.ts';

export const stripe: ExportFormat = {
  name: 'Stripe customer export',
  key: ['id', 'Customer ID'],
  keyIsSourceId: false,
  minSigns: 2,
  signature: [
    ...['Created (UTC)', 'Delinquent', 'Card ID', 'Card Last4', 'Card Brand', 'Default Source'],
    ...['Payment Count', 'Refunded Volume', 'Dispute Losses', 'Average Order'],
  ],
  fields: {},
  decimal: '.',
  internal: [
    ...[
      'Card ID',
      'Card Last4',
      'Card Brand',
      'Card Funding',
      'Card Exp Month',
      'Card Exp Year',
      'Card Name',
    ],
    ...['Card Fingerprint', 'Card Issue Country', 'Card Tokenization Method', 'Default Source', 'Delinquent'],
  ],
};
