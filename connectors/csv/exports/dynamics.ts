// Microsoft Dynamics 365's export of contacts: labels of the view, and three columns of its own for reading the file back.
// Source: headers in public importers and the vendor's guide to exports (2018–2026).
import type { ExportFormat } from '../export-format.ts';

const own = [
  ...['(Do Not Modify) Contact', '(Do Not Modify) Lead', '(Do Not Modify) Row Checksum'],
  ...['(Do Not Modify) Modified On', '(Nicht ändern) Kontakt', '(Nicht ändern) Lead'],
  ...['(Nicht ändern) Zeilenprüfsumme', '(Nicht ändern) Geändert am'],
];

export const dynamics: ExportFormat = {
  name: 'Dynamics 365 export',
  key: [
    ...['(Do Not Modify) Contact', '(Do Not Modify) Lead'],
    ...['(Nicht ändern) Kontakt', '(Nicht ändern) Lead', 'contactid'],
  ],
  keyIsSourceId: true,
  needsKey: true,
  minSigns: 2,
  signature: [...own, 'contactid', 'statecode', 'statuscode', 'emailaddress1', 'address1_line1'],
  fields: {
    email: ['Email', 'emailaddress1'],
    phone: ['Mobile Phone', 'Business Phone', 'mobilephone', 'telephone1'],
    'address.line_1': ['Address 1: Street 1', 'address1_line1'],
    'address.line_2': ['Address 1: Street 2', 'address1_line2'],
    'address.city': ['Address 1: City', 'address1_city'],
    'address.state': ['Address 1: State/Province', 'address1_stateorprovince'],
    'address.postal_code': ['Address 1: ZIP/Postal Code', 'address1_postalcode'],
    'address.country': ['Address 1: Country/Region', 'address1_country'],
  },
  internal: [...own, 'Owner', 'Besitzer', 'ownerid', 'statecode', 'statuscode', 'versionnumber'],
};
