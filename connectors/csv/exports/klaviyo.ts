// Klaviyo's export of a list or segment: the profile's own properties by their labels, then custom properties.
// Source: headers in public importers (2021–2026).
import type { ExportFormat } from '../export-format.ts';

export const klaviyo: ExportFormat = {
  name: 'Klaviyo profile export',
  key: ['Klaviyo ID', 'Profile ID'],
  signature: [
    ...['Klaviyo ID', 'Profile Created On', 'First Active', 'Last Active', 'Email Marketing Consent'],
    ...['Initial Source', 'Last Source', 'Predicted Customer Lifetime Value', 'State / Region', 'Last Open'],
  ],
  keyIsSourceId: false,
  minSigns: 2,
  fields: { 'address.line_1': ['Address'], 'address.line_2': ['Address 2'], birthdate: ['Birthday'] },
  decimal: '.',
  internal: [
    ...['$consent_form_id', '$consent_form_version', '$phone_number_region', 'consent_form_id'],
    ...['consent_form_version', 'Anonymous ID', 'Image'],
  ],
};
