// Mailchimp's export of an audience: its merge fields by their labels, then columns of the vendor's own.
// Source: headers in public importers (2013–2026). `Address` is the whole address in one text, and a birthday has no
// year.
import type { ExportFormat } from '../export-format.ts';

export const mailchimp: ExportFormat = {
  name: 'Mailchimp audience export',
  key: ['EUID', 'LEID'],
  signature: ['LEID', 'EUID', 'OPTIN_TIME', 'CONFIRM_TIME', 'MEMBER_RATING', 'LAST_CHANGED'],
  keyIsSourceId: false,
  minSigns: 2,
  fields: { email: ['Email Address'], phone: ['Phone Number', 'Phone', 'SMS Phone Number'] },
  asMetadata: [
    ...['Address', 'Adresse', 'Anschrift', 'Adres', 'Dirección', 'Indirizzo'],
    ...['Birthday', 'Geburtstag', 'Urodziny', 'Anniversaire', 'Cumpleaños', 'Compleanno'],
  ],
  decimal: '.',
  internal: ['LEID', 'EUID', 'LAST_CHANGED'],
  positions: ['TIMEZONE', 'CC', 'REGION', 'GMTOFF', 'DSTOFF', 'LATITUDE', 'LONGITUDE'],
};
