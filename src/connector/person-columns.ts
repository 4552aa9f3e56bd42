// Common column names of customer files, and the field for each: in English, and the obvious ones in German, Polish,
// French, Spanish, Italian, Portuguese and Dutch.
import { labelKey } from './label.ts';

/** What a column may mean: a field of the customer, or a part of the name. */
export type Meaning =
  | 'name'
  | 'name.first'
  | 'name.last'
  | 'email'
  | 'phone'
  | 'birthdate'
  | 'description'
  | 'address.line_1'
  | 'address.line_2'
  | 'address.postal_code'
  | 'address.city'
  | 'address.state'
  | 'address.country';

/** By meaning, the best name first: where a file has several columns of one meaning, the first of this list is taken. */
const commonNames: { readonly [meaning in Meaning]: readonly string[] } = {
  name: [
    ...['name', 'full name', 'customer name', 'contact name', 'display name'],
    ...['vollständiger name', 'imię i nazwisko', 'nom complet', 'nombre completo', 'nombre y apellidos'],
    ...['nome completo', 'nome e cognome', 'naam', 'volledige naam'],
  ],
  'name.first': [
    ...['first name', 'given name', 'forename', 'fname', 'vorname', 'imię', 'prénom', 'nombre'],
    ...['nome', 'primeiro nome', 'voornaam'],
  ],
  'name.last': [
    ...['last name', 'family name', 'surname', 'lname', 'nachname', 'familienname', 'nazwisko'],
    ...['nom de famille', 'nom', 'apellidos', 'apellido'],
    ...['cognome', 'sobrenome', 'achternaam'],
  ],
  email: [
    ...['email', 'email address', 'mail', 'primary email', 'e-mail adresse', 'e-mail 1 value', 'emails'],
    ...['email id', 'mail address', 'user email', 'work email', 'business email', 'adresse mail'],
    ...['adresse électronique', 'dirección de correo electrónico', 'dirección de correo'],
    ...['adres e-mail', 'adresse e-mail', 'correo electrónico', 'correo', 'courriel'],
    ...['email 1', 'indirizzo e-mail', 'indirizzo di posta elettronica', 'endereço de e-mail', 'e-mailadres'],
  ],
  phone: [
    ...['phone', 'phone number', 'telephone', 'telephone number', 'primary phone', 'mobile', 'mobile phone'],
    ...[
      'mobile number',
      'mobile phone number',
      'cell',
      'cell phone',
      'cell phone number',
      'tel',
      'phone 1 value',
      'phone no',
      'telephone no',
      'mobile no',
      'address telephone',
    ],
    ...[
      'telefon',
      'telefonnummer',
      'handy',
      'handynummer',
      'mobiltelefon',
      'numer telefonu',
      'telefon komórkowy',
    ],
    ...['mobil', 'mobilnummer', 'mobiltelefonnummer', 'rufnummer', 'telefonnr', 'nr telefonu', 'nr tel'],
    ...['numéro de téléphone mobile', 'numéro de portable', 'teléfono móvil', 'número de móvil'],
    ...['téléphone', 'numéro de téléphone', 'portable', 'teléfono', 'número de teléfono', 'móvil', 'celular'],
    ...[
      'phone 1',
      'numero di telefono',
      'cellulare',
      'telefone',
      'número de telefone',
      'telemóvel',
      'telefoon',
      'telefoonnummer',
      'mobiel',
      'gsm',
    ],
  ],
  birthdate: [
    ...[
      'birthdate',
      'date of birth',
      'geb datum',
      'birth date',
      'birthday',
      'dob',
      'geburtsdatum',
      'geburtstag',
    ],
    ...['data urodzenia', 'date de naissance', 'fecha de nacimiento'],
    ...['data ur', 'data di nascita', 'data de nascimento', 'geboortedatum'],
  ],
  description: [
    'description',
    'beschreibung',
    'opis',
    'descripción',
    'descrizione',
    'descrição',
    'omschrijving',
  ],
  'address.line_1': [
    ...['address line 1', 'address 1', 'street address', 'street', 'street 1', 'address street', 'address'],
    ...[
      'street address line 1',
      'straße',
      'anschrift',
      'adresse',
      'ulica',
      'adres',
      'rue',
      'calle',
      'dirección',
    ],
    ...['street and number', 'home street', 'mailing street', 'address 1 street', 'straße und hausnummer'],
    ...['straße hausnummer', 'straße nr', 'ulica i numer', 'ulica i nr', 'adresse postale', 'calle y número'],
    ...[
      'street address 1',
      'straße privat',
      'ulica i nr domu',
      'indirizzo',
      'endereço',
      'morada',
      'straat',
      'straat en huisnummer',
    ],
  ],
  'address.line_2': ['address line 2', 'address 2', 'street address 2', 'street 2', 'adresse 2', 'adres 2'],
  'address.postal_code': [
    ...['address postal code', 'postal code', 'postcode', 'post code', 'zip', 'zip code', 'zip/postal code'],
    ...[
      'postal code/zip',
      'postal/zip code',
      'zip postal',
      'address zip',
      'plz',
      'postleitzahl',
      'kod pocztowy',
    ],
    ...['code postal', 'código postal', 'address 1 postal code', 'address postcode', 'home postal code'],
    ...['mailing zip', 'zip or postal code', 'post index', 'cp'],
    ...['address 1 zip', 'postleitzahl privat', 'codice postale', 'cap', 'cep'],
  ],
  'address.city': [
    ...[
      'address city',
      'city',
      'town',
      'city/town',
      'ort',
      'stadt',
      'miasto',
      'miejscowość',
      'ville',
      'ciudad',
    ],
    ...['wohnort', 'localité', 'población', 'home city', 'mailing city', 'address 1 city', 'locality'],
    ...['town/city', 'ort privat', 'città', 'cidade', 'localidade', 'plaats', 'woonplaats', 'stad'],
  ],
  'address.state': [
    ...['address state', 'state', 'state/region', 'state/province', 'province', 'region', 'county'],
    ...[
      'state/region code',
      'province code',
      'state code',
      'bundesland',
      'województwo',
      'région',
      'provincia',
    ],
    ...['bundesland/region', 'kanton', 'état/région', 'estado/región', 'estado', 'home state'],
    ...['mailing state', 'address 1 region', 'address region'],
    ...['address 1 state/region', 'bundesland/kanton privat', 'regione', 'provincie'],
  ],
  'address.country': [
    ...['address country', 'country', 'country/region', 'country/territory', 'country code'],
    ...['country/region code', 'land', 'kraj', 'pays', 'país'],
    ...['country name', 'land/region', 'pays/région', 'país/región', 'kraj/region', 'home country/region'],
    ...['mailing country', 'address 1 country', 'address country id'],
    ...['country key', 'country/region key', 'länderschlüssel', 'land/region privat', 'paese', 'nazione'],
  ],
};

/** A last name where a first name of the same language stands beside it, else a whole name. */
export const lastNameBeside: { readonly [label: string]: readonly string[] } = {
  name: ['vorname', 'prenom'],
  naam: ['voornaam'],
};
/** A whole name where no other part of a name stands beside it. */
export const wholeNameAlone: ReadonlySet<string> = new Set(['nom', 'nombre', 'nome']);

/** By meaning, the keys of its names with their rank: the best where two languages have one name but for its accents. */
export const rankOf: ReadonlyMap<string, { meaning: Meaning; rank: number }> = new Map(
  Object.entries(commonNames).flatMap(([meaning, names]) =>
    names.map((name, rank) => [labelKey(name), { meaning: meaning as Meaning, rank }] as const).reverse(),
  ),
);

/** True for the label of a telephone that is carried about. */
function isMobile(label: string): boolean {
  return /mobi(?:l|el)|mov(?:i|e)l|handy|cell|celular|gsm|komork|portable/.test(label);
}

/** Labels of birthdays that are often written without a year. */
export const birthdays: ReadonlySet<string> = new Set(['birthday', 'geburtstag']);

/** The same for columns that say the same in files of different make: `Email` and `E-mail address`. Parts of a name are parts of `name`. */
export function columnIdentity(column: string, columns: readonly string[]): string {
  const label = labelKey(column);
  const meaning = rankOf.get(label)?.meaning;
  if (meaning === undefined) return label;
  // A person has both, and a file may name either.
  if (meaning === 'phone' && isMobile(label)) return 'mobile phone';
  const first = lastNameBeside[label];
  if (first && columns.some((other) => first.includes(labelKey(other)))) return 'name/last';
  return meaning.replace('name.', 'name/');
}

/** True where the column holds e-mail addresses, which are equal whatever their letter case. */
export function holdsEmail(column: string): boolean {
  return rankOf.get(labelKey(column))?.meaning === 'email';
}
