// Salesforce's exports of contacts and leads: the data export by API names (`MailingPostalCode`), a report by labels
// (`Mailing Zip/Postal Code`). Source: the Contact and Lead objects of the vendor's object reference.
import type { ExportFormat } from '../export-format.ts';

export const salesforce: ExportFormat = {
  name: 'Salesforce contact export',
  key: ['Contact ID', 'Lead ID', 'Kontakt-ID', 'Id', 'Contact ID 18', 'Case Safe ID'],
  signature: [
    ...[
      'MailingStreet',
      'MailingCity',
      'MailingPostalCode',
      'Mailing State/Province',
      'Mailing Zip/Postal Code',
    ],
    ...[
      'SystemModstamp',
      'LastModifiedById',
      'CreatedById',
      'OwnerId',
      'Account Name',
      'AccountId',
      'LeadSource',
    ],
    ...['Contact ID', 'Lead ID', 'Contact Owner', 'Lead Owner', 'IsDeleted'],
    ...['Kontakt-ID', 'Kontaktinhaber', 'Postanschrift Straße', 'Postanschrift Postleitzahl'],
  ],
  keyIsSourceId: true,
  needsKey: true,
  minSigns: 2,
  fields: {
    phone: ['Phone', 'MobilePhone', 'Mobile', 'HomePhone', 'Home Phone'],
    'address.line_1': ['MailingStreet', 'Mailing Address Line 1', 'Postanschrift Straße', 'Street'],
    'address.line_2': ['Mailing Address Line 2'],
    'address.city': ['MailingCity', 'Postanschrift Stadt', 'City'],
    'address.state': [
      'MailingState',
      'MailingStateCode',
      'Mailing State/Province',
      'Mailing State/Province (text only)',
      'Postanschrift Bundesland/Provinz',
      'State',
    ],
    'address.postal_code': [
      'MailingPostalCode',
      'Mailing Zip/Postal Code',
      'Postanschrift Postleitzahl',
      'PostalCode',
    ],
    'address.country': [
      'MailingCountry',
      'MailingCountryCode',
      'Mailing Country (text only)',
      'Postanschrift Land',
      'Country',
    ],
  },
  internal: [
    ...['IsDeleted', 'MasterRecordId', 'OwnerId', 'CreatedById', 'LastModifiedById', 'SystemModstamp'],
    ...['LastViewedDate', 'LastReferencedDate', 'PhotoUrl', 'Jigsaw', 'JigsawContactId', 'IndividualId'],
    ...['RecordTypeId', 'ReportsToId', 'AccountId', 'Contact Owner', 'Contact Owner Alias', 'Lead Owner'],
    ...['Kontaktinhaber', 'Lead-Inhaber'],
    ...[
      'CleanStatus',
      'MailingGeocodeAccuracy',
      'OtherGeocodeAccuracy',
      'LastCURequestDate',
      'LastCUUpdateDate',
    ],
  ],
};
