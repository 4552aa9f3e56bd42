// Pipedrive's export of people: labels of the fields, each with `Person - ` before it where several kinds are exported.
// Source: headers in public importers (2019–2026).
import type { ExportFormat } from '../export-format.ts';

export const pipedrive: ExportFormat = {
  name: 'Pipedrive people export',
  key: ['Person - ID', 'ID'],
  keyIsSourceId: true,
  needsKey: true,
  minSigns: 2,
  signature: [
    ...['Person - ID', 'Person - Name', 'Person - Organization', 'Person - Owner', 'Person - Label'],
    ...['Email - Work', 'Email - Home', 'Email - Other', 'Phone - Work', 'Phone - Home', 'Phone - Mobile'],
    ...['Person - Email - Work', 'Person - Phone - Work', 'Person created', 'Open deals', 'Won deals'],
    ...['Lost deals', 'Visible to', 'Next activity date', 'Last activity date'],
  ],
  fields: {
    name: ['Person - Name'],
    'name.first': ['Person - First name'],
    'name.last': ['Person - Last name'],
    email: [
      ...['Person - Email', 'Person - Email - Work', 'Email - Work', 'Person - Email - Home', 'Email - Home'],
      ...['Person - Email - Other', 'Email - Other'],
    ],
    phone: [
      ...['Person - Phone', 'Person - Phone - Mobile', 'Phone - Mobile', 'Person - Phone - Work'],
      ...['Phone - Work', 'Person - Phone - Home', 'Phone - Home', 'Person - Phone - Other', 'Phone - Other'],
    ],
    birthdate: ['Person - Birthday', 'Birthday'],
  },
  internal: [
    ...['Person - Owner', 'Owner', 'Person - Visible to', 'Visible to', 'Person - Profile picture'],
    ...['Profile picture', 'Person - Organization ID', 'Organization ID'],
  ],
};
