// Brevo's export of contacts: names of attributes in capitals, in the language in which the account was opened.
// Source: headers in public importers (2019–2026).
import type { ExportFormat } from '../export-format.ts';

export const brevo: ExportFormat = {
  name: 'Brevo contact export',
  key: ['EXT_ID', 'CONTACT ID'],
  keyIsSourceId: false,
  minSigns: 2,
  signature: [
    ...['CONTACT ID', 'EXT_ID', 'DOUBLE_OPT-IN', 'OPT_IN', 'ADDED_TIME', 'MODIFIED_TIME', 'SMS', 'WHATSAPP'],
    ...['LANDLINE_NUMBER', 'CONTACT_TIMEZONE'],
  ],
  fields: { phone: ['SMS', 'WHATSAPP', 'LANDLINE_NUMBER'] },
  internal: ['CONTACT ID', 'EXT_ID', 'MODIFIED_TIME'],
  positions: ['CONTACT_TIMEZONE'],
};
