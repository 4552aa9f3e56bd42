// Shopify's export of customers. Source: the header in public importers (2021–2026).
import type { ExportFormat } from '../export-format.ts';

export const shopify: ExportFormat = {
  name: 'Shopify customer export',
  key: ['Customer ID'],
  signature: [
    ...[
      'Accepts Email Marketing',
      'Accepts Marketing',
      'Accepts SMS Marketing',
      'Total Spent',
      'Total Orders',
    ],
    ...['Tax Exempt', 'Default Address Address1', 'Default Address Country Code'],
  ],
  keyIsSourceId: true,
  minSigns: 2,
  fields: {
    // The phone of the default address is free text and often another person's.
    phone: ['Phone'],
    description: ['Note'],
    'address.line_1': ['Default Address Address1', 'Address1'],
    'address.line_2': ['Default Address Address2', 'Address2'],
    'address.city': ['Default Address City', 'City'],
    'address.state': ['Default Address Province Code', 'Province Code', 'Province'],
    'address.postal_code': ['Default Address Zip', 'Zip'],
    'address.country': ['Default Address Country Code', 'Country Code', 'Country'],
  },
  guarded: ['Customer ID', 'Default Address Zip', 'Zip', 'Phone', 'Default Address Phone'],
  decimal: '.',
  internal: [],
};
