// Zoho CRM's export of contacts and leads: labels of the fields, and beside each name of another record its ID as `NAME.id`.
// Source: headers in public importers (2020–2026).
import type { ExportFormat } from '../export-format.ts';

export const zoho: ExportFormat = {
  name: 'Zoho CRM export',
  key: ['Record Id', 'Contact Id', 'Lead Id'],
  keyIsSourceId: true,
  needsKey: true,
  minSigns: 2,
  signature: [
    ...['Contact Owner.id', 'Lead Owner.id', 'Account Name.id', 'Created By.id', 'Modified By.id'],
    ...['Created Time', 'Modified Time', 'Last Activity Time', 'Unsubscribed Mode', 'Change Log Time'],
  ],
  fields: {
    phone: ['Phone', 'Mobile', 'Home Phone'],
    'address.line_1': ['Mailing Street', 'Street'],
    'address.city': ['Mailing City', 'City'],
    'address.state': ['Mailing State', 'State'],
    'address.postal_code': ['Mailing Zip', 'Zip Code'],
    'address.country': ['Mailing Country', 'Country'],
  },
  internal: [
    ...['Contact Owner', 'Contact Owner.id', 'Lead Owner', 'Lead Owner.id', 'Account Name.id', 'Created By'],
    ...['Created By.id', 'Modified By', 'Modified By.id', 'Reporting To.id', 'Locked', 'Change Log Time'],
  ],
};
