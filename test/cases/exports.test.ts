// The exports of the usual vendors as they come: each file of test/fixtures/exports and the customers it must become. All
// people are invented; the headers are the vendors'.
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { csv } from '../../connectors/csv.ts';
import { type Context, type Fields, type MetadataSchema, RejectedError } from '../../src/connector.ts';
import { usualBodyRules } from '../../src/engine/webhook/body.ts';
import { columnReport } from '../../src/sync/intake/columns.ts';
import { Source } from '../../src/sync/intake/source.ts';
import { localFiles } from '../support/local-files.ts';

const folder = join(import.meta.dirname, '../fixtures/exports');

const now = Date.parse('2026-11-02T08:00:00Z');

const stream = csv.source!.streams[0]!;

const schema: MetadataSchema = {
  definedOnly: false,
  definitions: {
    vip: { type: 'boolean', array: false, required: false },
    loyalty_points: { type: 'number', array: false, required: false },
    since: { type: 'date', array: false, required: false },
    'Predicted Customer Lifetime Value': { type: 'number', array: false, required: false },
    'Create Date (CET)': { type: 'datetime', array: false, required: false },
    'Newsletter topics': { type: 'string', array: true, required: false },
  },
};

function sourceWith(settings: Record<string, unknown>): Source {
  return new Source(
    {
      name: 'files',
      connector: csv,
      settings: csv.settings.parse(settings),
      sourceId: { path: null, policy: 'sticky', lowerCase: false },
      mapping: null,
      filter: null,
      extraProperties: [],
      badValues: null,
      schedule: null,
      timezone: 'UTC',
      webhook: { maxBodyBytes: null, requestsPerSecond: 1000, keepDays: 14, reading: usualBodyRules },
      privacyDeletions: 'delete',
    },
    { schema },
  );
}

/** What the file becomes: by source ID its fields, and what became of its columns. */
async function read(file: string, settings: Record<string, unknown> = {}) {
  const source = sourceWith({ path: join(folder, file), ...settings });
  const context: Context<unknown> = {
    settings: source.config.settings,
    api: { request: () => Promise.reject(new Error('a file needs no API')) },
    files: localFiles(),
    now,
  };
  const page = await stream.pull!(context, { cursor: null, until: now, properties: [] });
  const customers: { [sourceId: string]: Fields } = {};
  const faults: string[] = [];
  for (const { body } of page.records) {
    const contribution = source.contribute(body);
    const values = Object.entries(contribution.fields)
      .filter(([, value]) => value !== null)
      .map(([field, value]) => [field, field === 'phone' ? String(value).replaceAll(' ', '') : value]);
    customers[String(body[source.sourceIdPath(body)])] = Object.fromEntries(values);
    faults.push(...contribution.faults.map(({ field }) => field));
  }
  return { customers, faults, report: columnReport(source, page.columns!), rejected: page.rejected ?? [] };
}

const leftOut = ({ leftOut }: { leftOut: { column: string }[] }) => leftOut.map(({ column }) => column);

describe('an unmodified export', () => {
  it('10-hubspot-export: names, phone, address and birthdate are fields; owners and places by IP are left out', async () => {
    const { customers, report, rejected } = await read('hubspot.csv');
    expect(rejected).toEqual([]);
    expect(customers).toEqual({
      '9200000201': {
        name: 'Maja Wrona',
        email: 'maja.wrona@example.test',
        phone: '+48602333444',
        birthdate: '1991-06-30',
        'address.line_1': 'ul. Krótka 7',
        'address.postal_code': '90-001',
        'address.city': 'Łódź',
        'address.state': 'Łódzkie',
        'address.country': 'Poland',
        'metadata.Mobile Phone Number': '+48 700 100 200',
        'metadata.Last Activity Date (CET)': '2026-10-02 14:31',
        'metadata.Lead Status': 'Open',
        'metadata.Marketing contact status': 'Marketing contact',
        'metadata.Create Date (CET)': '2024-03-15T09:00:00.000Z',
        'metadata.Associated Company': 'Młyn',
        'metadata.Lifecycle Stage': 'Customer',
        'metadata.Newsletter topics': ['Bread', 'Cake'],
        'metadata.Latest Traffic Source': 'Direct Traffic',
      },
      '9200000202': {
        name: 'Béla',
        email: 'bela@example.test',
        'metadata.Marketing contact status': 'Non-marketing contact',
        'metadata.Create Date (CET)': '2024-03-16T10:30:00.000Z',
        'metadata.Lifecycle Stage': 'Lead',
      },
      '9200000203': {
        name: "O'Neill",
        'metadata.Create Date (CET)': '2024-03-17T08:00:00.000Z',
        'metadata.Lifecycle Stage': 'Subscriber',
        'metadata.Newsletter topics': ['Tea'],
      },
    });
    expect(report).toMatchObject({
      recognised: 'HubSpot contact export',
      sourceId: 'Record ID',
      missing: [],
    });
    expect(report.fields[0]).toEqual({ field: 'name', columns: ['First Name', 'Last Name'] });
    expect(leftOut(report)).toEqual(['Contact owner', 'IP City', 'IP Country']);
  });

  it('11-mailchimp-export: IP addresses and positions go nowhere, a birthday without a year is metadata', async () => {
    const { customers, faults, report } = await read('mailchimp.csv', { recordId: 'EUID' });
    expect(customers).toEqual({
      bb22cc33dd: {
        name: 'Nils Ohm',
        email: 'nils.ohm@example.test',
        phone: '+49421123456',
        'metadata.Address': '4 Kai  Bremen HB 28195 Germany',
        'metadata.Birthday': '02/29',
        'metadata.MEMBER_RATING': '4',
        'metadata.OPTIN_TIME': '2023-03-01 08:00:00',
        'metadata.CONFIRM_TIME': '2023-03-01 08:05:00',
        'metadata.TAGS': '"VIP","Shop"',
      },
      bb22cc33ee: {
        name: 'Una',
        email: 'una@example.test',
        phone: '0421987',
        'metadata.MEMBER_RATING': '2',
        'metadata.OPTIN_TIME': '2023-03-02 08:00:00',
        'metadata.CONFIRM_TIME': '2023-03-02 08:05:00',
        'metadata.NOTES': 'called "twice"',
      },
    });
    expect(faults).toEqual([]);
    expect(leftOut(report)).toEqual(
      'EUID,OPTIN_IP,CONFIRM_IP,LATITUDE,LONGITUDE,GMTOFF,DSTOFF,TIMEZONE,CC,REGION,LAST_CHANGED,LEID'
        .split(',')
        .filter((column) => column !== 'EUID'),
    );
  });

  it('of Klaviyo, with a profile that has no e-mail address', async () => {
    const { customers, report } = await read('klaviyo.csv', { recordId: 'Klaviyo ID' });
    expect(customers).toMatchObject({
      '01JKRHEA': {
        name: 'Rhea Stone',
        email: 'rhea@example.test',
        phone: '+15005550006',
        'address.line_1': '1 Pine Rd',
        'address.line_2': 'Unit 4',
        'address.city': 'Boise',
        'address.state': 'ID',
        'address.country': 'United States',
        'address.postal_code': '83702',
        'metadata.Email Marketing Consent': 'SUBSCRIBED',
        'metadata.Predicted Customer Lifetime Value': 120.555,
        'metadata.Shopify Tags': 'vip, retail',
      },
      '01JKPHONE': { phone: '+15005550007' },
    });
    expect(customers['01JKPHONE']).not.toHaveProperty('name');
    expect(report.recognised).toBe('Klaviyo profile export');
    expect(leftOut(report)).toEqual(['Latitude', 'Longitude', 'IP Address', '$consent_form_id']);
  });

  it('09-shopify-export and csv-shopify-apostrophes: the apostrophe before a digit belongs to no value', async () => {
    const { customers, report } = await read('shopify.csv');
    expect(customers).toMatchObject({
      '7310440002211': {
        name: "Nora 't Veld",
        email: 'nora.veld@example.test',
        phone: '+31687654321',
        description: 'Prefers "green"',
        'address.line_1': 'Kade 5',
        'address.line_2': '2nd floor',
        'address.city': 'Utrecht',
        'address.state': 'UT',
        'address.postal_code': '3511AB',
        'address.country': 'NL',
        'metadata.Total Spent': '290.40',
        'metadata.Tags': 'retail, vip',
      },
      '7310440002212': { name: 'Omar' },
    });
    expect(report).toMatchObject({
      recognised: 'Shopify customer export',
      sourceId: 'Customer ID',
      leftOut: [],
    });
  });

  it('of Salesforce, as a report and as the data export', async () => {
    const contact = {
      name: 'Ivo Klen',
      email: 'ivo.klen@example.test',
      phone: '+420601234567',
      birthdate: '1979-12-31',
      'address.city': 'Brno',
      'address.postal_code': '602 00',
      'address.country': 'Czech Republic',
      'metadata.Salutation': 'Mr.',
      'metadata.Title': 'CTO',
    };
    const report = await read('salesforce-report.csv');
    expect(report.customers).toEqual({
      '0035g00000AbCdE': {
        ...contact,
        'address.line_1': 'Dlouhá 12\n2. patro',
        'metadata.Account Name': 'Klen s.r.o.',
        'metadata.Lead Source': 'Web',
      },
      '0035g00000AbCdF': { name: 'Ada Møller', email: 'ada@example.test' },
    });
    expect(leftOut(report.report)).toEqual(['Contact Owner']);
    const data = await read('salesforce-data.csv');
    expect(data.customers['0035g00000AbCdEAAV']).toEqual({
      ...Object.fromEntries(Object.entries(contact).filter(([field]) => !field.startsWith('metadata.'))),
      'address.line_1': 'Dlouhá 12',
      description: 'Met at the fair',
      'metadata.LASTNAME': 'Klen',
      'metadata.FIRSTNAME': 'Ivo',
      'metadata.SALUTATION': 'Mr.',
      'metadata.TITLE': 'CTO',
      'metadata.CREATEDDATE': '2024-05-06T07:08:09.000Z',
      'metadata.LASTMODIFIEDDATE': '2026-05-06T07:08:09.000Z',
      'metadata.LEVEL__C': 'Gold',
    });
  });

  it('of Voucherify itself, with its labels', async () => {
    const { customers, report } = await read('voucherify.csv');
    expect(customers).toEqual({
      'shop-52': {
        name: 'Ona Falk',
        email: 'ona@example.test',
        birthdate: '1990-02-03',
        'address.line_1': 'Gata 1',
        'address.city': 'Lund',
        'address.postal_code': '223 50',
        'address.country': 'SE',
        'metadata.tier': 'gold',
      },
    });
    expect(leftOut(report)).toEqual(['ID']);
  });

  it('12-excel-template: Voucherify’s template as Excel saves it, with semicolons and a mark', async () => {
    const { customers } = await read('excel-template.csv');
    expect(customers['xl-11']).toEqual({
      name: 'Zofia Bór',
      email: 'zofia@example.test',
      phone: '+48600700801',
      birthdate: '1979-12-31',
      description: 'mówi: "hej"',
      'address.line_1': 'ul. Leśna 4; m. 4',
      'address.postal_code': '00-950',
      'address.city': 'Warszawa',
      'address.country': 'PL',
      'metadata.vip': true,
      'metadata.loyalty_points': 1200,
      'metadata.since': '2020-01-31',
    });
  });

  it('in another language, with its obvious words; passwords go nowhere', async () => {
    const { customers, report } = await read('polish.csv', { recordId: 'Numer klienta' });
    expect(customers).toEqual({
      'PL-1': {
        name: 'Żaneta Łoś',
        email: 'zaneta@example.test',
        phone: '+48601000111',
        birthdate: '1988-02-29',
        'address.line_1': 'Długa 1',
        'address.postal_code': '80-001',
        'address.city': 'Gdańsk',
        'address.state': 'pomorskie',
        'address.country': 'PL',
      },
    });
    expect(leftOut(report)).toEqual(['Hasło', 'Ostatnie IP']);
  });
});

describe('exports that are known by their columns', () => {
  const fieldsOf = (columns: string, settings: Record<string, unknown> = {}) => {
    const { recognised, fields, leftOut: out } = columnReport(sourceWith(settings), columns.split(';'));
    const own = fields.filter(({ field }) => !field.startsWith('metadata.'));
    return {
      recognised,
      fields: Object.fromEntries(own.map(({ field, columns: from }) => [field, from.join('+')])),
      out: out.map(({ column }) => column),
    };
  };

  it('of Zoho CRM, whose address reads like Salesforce’s', () => {
    const found = fieldsOf(
      'Record Id;Contact Owner.id;Contact Owner;First Name;Last Name;Account Name.id;Account Name;Email;Phone;Mailing Street;Mailing City;Mailing Zip;Created Time',
    );
    expect(found).toMatchObject({
      recognised: 'Zoho CRM export',
      fields: { 'address.postal_code': 'Mailing Zip' },
    });
    expect(found.out).toEqual(['Contact Owner.id', 'Contact Owner', 'Account Name.id']);
  });

  it('of Pipedrive, with and without the kind before each label', () => {
    for (const kind of ['', 'Person - '])
      expect(
        fieldsOf(
          [`ID`, 'Name', 'Email - Work', 'Phone - Work', 'Owner'].map((name) => kind + name).join(';'),
        ),
      ).toEqual({
        recognised: 'Pipedrive people export',
        fields: { name: `${kind}Name`, email: `${kind}Email - Work`, phone: `${kind}Phone - Work` },
        out: [`${kind}Owner`],
      });
  });

  it('of Dynamics 365, by the columns of its own', () => {
    const own = '(Do Not Modify) Contact;(Do Not Modify) Row Checksum;(Do Not Modify) Modified On';
    const found = fieldsOf(
      `${own};Full Name;Email;Business Phone;Address 1: City;Address 1: ZIP/Postal Code`,
    );
    expect(found).toMatchObject({
      recognised: 'Dynamics 365 export',
      fields: { name: 'Full Name', phone: 'Business Phone', 'address.city': 'Address 1: City' },
      out: own.split(';').slice(1),
    });
  });

  it.each([
    [
      'WooCommerce customer export',
      'ID;user_login;user_pass;user_email;display_name;first_name;last_name;billing_phone;billing_email;billing_postcode',
      {
        name: 'first_name+last_name',
        email: 'user_email',
        phone: 'billing_phone',
        'address.postal_code': 'billing_postcode',
      },
      ['user_pass'],
    ],
    [
      'Brevo contact export',
      'EXT_ID;CONTACT ID;EMAIL;VORNAME;NACHNAME;SMS;ADDED_TIME',
      { name: 'VORNAME+NACHNAME', email: 'EMAIL', phone: 'SMS' },
      ['CONTACT ID'],
    ],
    [
      'Shopware customer export',
      'customer_number;id;salutation;first_name;last_name;email;sales_channel;billing_id;billing_street;billing_zipcode;billing_city;billing_country;billing_phone_number;shipping_street',
      {
        name: 'first_name+last_name',
        email: 'email',
        phone: 'billing_phone_number',
        'address.line_1': 'billing_street',
        'address.postal_code': 'billing_zipcode',
        'address.city': 'billing_city',
        'address.country': 'billing_country',
      },
      ['id', 'billing_id'],
    ],
    [
      'Braze user export',
      'user_id;braze_id;random_bucket;first_name;last_name;email;dob;push_subscribe;last_coordinates',
      { name: 'first_name+last_name', email: 'email', birthdate: 'dob' },
      ['braze_id', 'random_bucket', 'last_coordinates'],
    ],
    [
      'Stripe customer export',
      'id;Email;Name;Created (UTC);Delinquent;Card ID;Card Last4',
      { name: 'Name', email: 'Email' },
      ['Delinquent', 'Card ID', 'Card Last4'],
    ],
  ])('of others, where a person names the key: %s', (recognised, columns, fields, out) => {
    const [key] = columns.split(';');
    const found = fieldsOf(columns, { recordId: key });
    expect({ ...found, out: found.out.toSorted() }).toEqual({ recognised, fields, out: out.toSorted() });
  });

  it('of HubSpot and Salesforce in other languages', () => {
    expect(
      fieldsOf(
        'Datensatz-ID;Vorname;Nachname;E-Mail;Mobiltelefonnummer;Telefonnummer;Bundesland/Region;Land/Region;Erstellungsdatum (MEZ)',
      ),
    ).toMatchObject({
      recognised: 'HubSpot contact export',
      fields: {
        phone: 'Telefonnummer',
        'address.state': 'Bundesland/Region',
        'address.country': 'Land/Region',
      },
    });
    expect(
      fieldsOf(
        'ID de fiche d’informations;Prénom;Nom;E-mail;Adresse postale;Ville;Pays/Région;Phase du cycle de vie',
      ),
    ).toMatchObject({
      recognised: 'HubSpot contact export',
      fields: { name: 'Prénom+Nom', 'address.line_1': 'Adresse postale', 'address.country': 'Pays/Région' },
    });
    expect(
      fieldsOf('Kontakt-ID;Vorname;Nachname;E-Mail;Postanschrift Straße;Postanschrift Postleitzahl'),
    ).toMatchObject({
      recognised: 'Salesforce contact export',
      fields: {
        'address.line_1': 'Postanschrift Straße',
        'address.postal_code': 'Postanschrift Postleitzahl',
      },
    });
  });

  it.each([
    [
      'Italian',
      'Nome;Cognome;Indirizzo e-mail;Numero di telefono;Data di nascita;Indirizzo;CAP;Città;Provincia;Paese',
    ],
    ['Portuguese', 'Nome;Sobrenome;E-mail;Telefone;Data de nascimento;Endereço;CEP;Cidade;Estado;País'],
    ['Dutch', 'Voornaam;Naam;E-mailadres;Telefoonnummer;Geboortedatum;Straat;Postcode;Plaats;Provincie;Land'],
    [
      'the German of Outlook',
      'Vorname;Nachname;E-Mail-Adresse;Mobiltelefon;Geburtstag;Straße privat;Postleitzahl privat;Ort privat;Bundesland/Kanton privat;Land/Region privat',
    ],
    [
      'SAP',
      'First Name;Last Name;E-Mail Address;Telephone;Date of Birth;Street;Postal Code;City;Region;Country/Region Key',
    ],
    [
      'Wix',
      'First Name;Last Name;Email 1;Phone 1;Birthdate;Address 1 - Street;Address 1 - Zip;Address 1 - City;Address 1 - State/Region;Address 1 - Country',
    ],
  ])('10-hubspot-export: the obvious words of others are fields, in %s', (_, columns) => {
    const [first, last, email, phone, birthdate, line, code, city, state, country] = columns.split(';');
    expect(fieldsOf(`Source_id;${columns}`).fields).toEqual({
      name: `${first}+${last}`,
      email,
      phone,
      birthdate,
      'address.line_1': line,
      'address.postal_code': code,
      'address.city': city,
      'address.state': state,
      'address.country': country,
    });
  });

  it('10-hubspot-export: a second line of the address is never there without the first', () => {
    expect(fieldsOf('Source_id;Street Address 1;Street Address 2').fields).toEqual({
      'address.line_1': 'Street Address 1',
      'address.line_2': 'Street Address 2',
    });
  });

  it('of Mailchimp in German, whose address is one text', () => {
    const { fields } = fieldsOf('E-Mail-Adresse;Vorname;Nachname;Adresse;Geburtstag;LEID;EUID', {
      recordId: 'EUID',
    });
    expect(Object.keys(fields)).toEqual(['name', 'email']);
  });

  it('11-mailchimp-export: secrets, numbers of the state, IP addresses and positions go nowhere in any language', () => {
    const secrets =
      'Mot de passe;Contraseña;Senha;Wachtwoord;secure_key;API Key;Security Answer;Social Security Number;Sozialversicherungsnummer;Credit Card Number;Kreditkarte;Passport No.;CPF;Codice fiscale';
    const places =
      'IPAddress;Adresse IP;clientip;IPv4;Breitengrad;Längengrad;Latitud;Longitud;Szerokość geograficzna;GPS;Coordenadas';
    const kept = 'Zip;Shipping;Tip;Membership;Card Number;Keyboard;Passion;Securities';
    const found = fieldsOf(`Source_id;${secrets};${places};${kept}`);
    expect(found.out).toEqual([...secrets.split(';'), ...places.split(';')]);
  });

  it('what a form demands is no part of a label, and tokens go nowhere', () => {
    expect(fieldsOf('Source_id*;Name (required);Phone (optional);rp_token')).toEqual({
      recognised: null,
      fields: { name: 'Name (required)', phone: 'Phone (optional)' },
      out: ['rp_token'],
    });
  });
});

describe('the key of a row', () => {
  it.each(['mailchimp.csv', 'klaviyo.csv', 'polish.csv'])(
    'is asked for where only a person can know what identifies a customer: %s',
    async (file) => {
      const error = await read(file).catch((refused: unknown) => refused);
      expect(error).toBeInstanceOf(RejectedError);
      expect((error as Error).message).toMatch(
        /Name the column that identifies a customer, such as ".+--source-id/,
      );
    },
  );

  it('06-email-as-record-id: may be a field too; a key without a meaning is none', async () => {
    const columns = ['Name', 'Email', 'Record ID', 'EUID', 'Customer ID'];
    const fields = (recordId: string) =>
      columnReport(sourceWith({ recordId }), columns).fields.map(({ field }) => field);
    expect(fields('Email')).toEqual([
      'name',
      'email',
      'metadata.Record ID',
      'metadata.EUID',
      'metadata.Customer ID',
    ]);
    for (const key of ['Record ID', 'EUID', 'Customer ID']) {
      expect(fields(key)).not.toContain(`metadata.${key}`);
      expect(fields(key)).toContain('email');
    }
  });
});

describe('what a person says about columns', () => {
  const columns = ['Source_id', 'Name', 'Tier', 'Notes', 'OPTIN_IP'];

  it('wins over their names, by setting', () => {
    const settings = {
      columns: { tier: 'metadata.loyalty', Notes: null, OPTIN_IP: 'metadata.ip', Name: 'description' },
    };
    const { fields, leftOut } = columnReport(sourceWith(settings), columns);
    expect(fields).toEqual([
      { field: 'description', columns: ['Name'] },
      { field: 'metadata.loyalty', columns: ['Tier'] },
      { field: 'metadata.ip', columns: ['OPTIN_IP'] },
    ]);
    expect(leftOut).toEqual([{ column: 'Notes', reason: 'left out by the setting "columns"' }]);
  });

  it('can leave out columns that mean no field', () => {
    const { fields } = columnReport(sourceWith({ extra: 'none' }), columns);
    expect(fields).toEqual([{ field: 'name', columns: ['Name'] }]);
  });

  it('must name fields', () => {
    expect(() => sourceWith({ columns: { Tier: 'tier' } })).toThrow(/a field such as/);
  });
});

describe('names of people', () => {
  it.each([
    [['Name', 'Vorname'], { name: ['Vorname', 'Name'] }],
    [['Nom', 'Prénom'], { name: ['Prénom', 'Nom'] }],
    [['Nombre', 'Apellidos'], { name: ['Nombre', 'Apellidos'] }],
    [['Nombre'], { name: 'Nombre' }],
    [['first_name', 'lastName'], { name: ['first_name', 'lastName'] }],
    [['Full Name', 'First Name'], { name: 'Full Name', 'metadata.First Name': 'First Name' }],
  ])('%j', (columns, mapping) => {
    expect(columnReport(sourceWith({}), ['Source_id', ...columns]).mapping).toEqual(mapping);
  });
});
