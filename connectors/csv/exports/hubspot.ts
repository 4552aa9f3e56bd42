// HubSpot's export of contacts: property labels in the account's language, times with their zone in the label.
// Source: exports with the vendor's own labels in public importers (2022–2026).
import type { ExportFormat } from '../export-format.ts';

export const hubspot: ExportFormat = {
  name: 'HubSpot contact export',
  key: [
    'Record ID',
    'Record ID - Contact',
    'Datensatz-ID',
    'Identyfikator rekordu',
    'ID de registro',
    'ID d’enregistrement',
    'ID de fiche d’informations',
  ],
  keyIsSourceId: true,
  needsKey: true,
  minSigns: 1,
  signature: [
    ...['Create Date', 'Last Modified Date', 'Last Activity Date', 'Lifecycle Stage', 'Lead Status'],
    ...['Contact owner', 'Marketing contact status', 'Associated Company', 'Associated Company IDs'],
    ...[
      'Lifecycle-Phase',
      'Leadstatus',
      'Kontakt-Zuständiger',
      'Erstellungsdatum',
      'Zuständiger Mitarbeiter',
    ],
    ...['Date de création', 'Propriétaire du contact', 'Phase du cycle de vie', 'Statut du lead'],
    ...['Fecha de creación', 'Propietario del contacto', 'Etapa del ciclo de vida', 'Estado del lead'],
    ...['Data utworzenia', 'Właściciel kontaktu', 'Etap cyklu życia', 'Status leada'],
  ],
  fields: {
    phone: [
      ...['Phone Number', 'Telefonnummer', 'Numéro de téléphone', 'Número de teléfono', 'Numer telefonu'],
      ...['Mobile Phone Number', 'Mobiltelefonnummer', 'Numéro de téléphone mobile'],
    ],
    'address.line_1': ['Street Address'],
    'address.line_2': ['Street Address 2'],
  },
  decimal: '.',
  internal: [
    ...[
      'Contact owner',
      'HubSpot Team',
      'Shared teams',
      'Shared users',
      'Owner assigned date',
      'Owning Teams',
    ],
    ...[
      'Created by user ID',
      'Updated by user ID',
      'Record source',
      'Record source detail 1',
      'Record source detail 2',
    ],
    ...['Record source detail 3', 'Merged Contact IDs', 'Merged record IDs', 'Associated Company IDs'],
    ...['Associated Contact IDs', 'Associated Deal IDs', 'Associated Note IDs', 'Kontakt-Zuständiger'],
    ...['Zuständiger Mitarbeiter', 'Propriétaire du contact', 'Propietario del contacto'],
    ...['Właściciel kontaktu'],
  ],
};
