// Invented people with the disorder of real contact data: several languages, phones typed by hand, countries spelled
// three ways, gaps. The same seed gives the same people. It does not know where they are kept.

export type Random = () => number;

type Place = {
  countries: string[];
  cities: [city: string, zip: string][];
  first: string[];
  last: string[];
  phone: (random: Random) => string;
};

/** The columns of a person, in the order `person` fills them. */
export const personProperties = [
  ...[
    'email',
    'firstname',
    'lastname',
    'phone',
    'city',
    'zip',
    'country',
    'company',
    'jobtitle',
    'lifecyclestage',
  ],
  ...['date_of_birth', 'loyalty_points', 'newsletter_opt_in', 'interests', 'last_purchase_at'],
];

/** The custom ones among them, to be defined before people are added. */
export const personDefinitions = [
  { name: 'loyalty_points', label: 'Loyalty points', type: 'number' as const },
  { name: 'newsletter_opt_in', label: 'Newsletter', type: 'bool' as const },
  {
    name: 'interests',
    label: 'Interests',
    type: 'enumeration' as const,
    fieldType: 'checkbox',
    options: ['books', 'garden', 'music', 'sport', 'travel'],
  },
  { name: 'last_purchase_at', label: 'Last purchase', type: 'datetime' as const },
];

/** Mulberry32: a stream of numbers in [0, 1) of its own for each (seed, index). */
export function randomOf(seed: number, index: number): Random {
  let state = (Math.imul(seed, 0x9e37_79b1) ^ Math.imul(index + 1, 0x85eb_ca6b)) | 0;
  return () => {
    state = (state + 0x6d2b_79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** One person's values by `personProperties`; `unique` goes into the e-mail; times lie before `untilMs`. */
export function person(random: Random, unique: number, untilMs: number): (string | null)[] {
  const place = pick(places, random);
  const [first, last] = [pick(place.first, random), pick(place.last, random)];
  const [city, zip] = pick(place.cities, random);
  const sometimes = (share: number, value: () => string) => (random() < share ? value() : null);
  return [
    sometimes(0.96, () => `${asciiName(first)}.${asciiName(last)}.${unique}@${pick(domains, random)}`),
    first,
    sometimes(0.97, () => last),
    sometimes(0.85, () => place.phone(random)),
    sometimes(0.8, () => city),
    sometimes(0.6, () => zip),
    sometimes(0.9, () => pick(place.countries, random)),
    sometimes(0.5, () => pick(companies, random)),
    sometimes(0.3, () => pick(jobs, random)),
    sometimes(0.95, () => pick(stages, random)),
    sometimes(0.4, () => birthDate(random)),
    sometimes(0.7, () => String(whole(random, 0, 2500))),
    sometimes(0.8, () => (random() < 0.6 ? 'true' : 'false')),
    sometimes(0.5, () => pick(interests, random)),
    sometimes(0.3, () => new Date(untilMs - whole(random, 0, 400) * 86_400_000).toISOString()),
  ];
}

export function whole(random: Random, from: number, to: number): number {
  return from + Math.floor(random() * (to - from + 1));
}

function pick<T>(list: readonly T[], random: Random): T {
  return list[Math.floor(random() * list.length)]!;
}

function digits(random: Random, count: number): string {
  return String(Math.floor(random() * 10 ** count)).padStart(count, '0');
}

/** Free text, as the property is. */
function birthDate(random: Random): string {
  const [year, month, day] = [whole(random, 1940, 2006), whole(random, 1, 12), whole(random, 1, 28)];
  const two = (n: number) => String(n).padStart(2, '0');
  const shape = random();
  if (shape < 0.6) return `${year}-${two(month)}-${two(day)}`;
  if (shape < 0.8) return `${two(day)}.${two(month)}.${year}`;
  return shape < 0.95 ? `${month}/${day}/${year}` : String(year);
}

const asciiNames = new Map<string, string>();

/** Letters and digits of a name as an e-mail has them; a script without Latin letters gives `contact`. */
function asciiName(name: string): string {
  const known = asciiNames.get(name);
  if (known !== undefined) return known;
  const plain = name
    .toLowerCase()
    .replaceAll('ł', 'l')
    .replaceAll('ß', 'ss')
    .replaceAll('ø', 'o')
    .replaceAll('ı', 'i')
    .normalize('NFD')
    .replaceAll(/[^a-z0-9]/g, '');
  asciiNames.set(name, plain || 'contact');
  return plain || 'contact';
}

const places: Place[] = [
  {
    countries: ['Poland', 'Polska', 'PL'],
    cities: [
      ['Katowice', '40-001'],
      ['Kraków', '30-002'],
      ['Łódź', '90-001'],
      ['Wrocław', '50-001'],
      ['Gdańsk', '80-001'],
    ],
    first: ['Łukasz', 'Małgorzata', 'Zbigniew', 'Agnieszka', 'Paweł', 'Żaneta', 'Stanisław', 'Katarzyna'],
    last: ['Wójcik', 'Kowalska', 'Szymański', 'Dąbrowska', 'Brzęczyszczykiewicz', 'Zając', 'Żółć'],
    phone: (random) => {
      const mobile = `60${digits(random, 1)}`;
      const [a, b] = [digits(random, 3), digits(random, 3)];
      const shapes = [
        `+48 ${mobile} ${a} ${b}`,
        `${mobile}-${a}-${b}`,
        `0048${mobile}${a}${b}`,
        `tel. ${mobile}${a}${b}`,
      ];
      return pick(shapes, random);
    },
  },
  {
    countries: ['Germany', 'Deutschland', 'DE'],
    cities: [
      ['München', '80331'],
      ['Köln', '50667'],
      ['Berlin', '10115'],
      ['Düsseldorf', '40210'],
    ],
    first: ['Jürgen', 'Käthe', 'Björn', 'Anneliese', 'Günther', 'Heike', 'Jörg'],
    last: ['Müller', 'Groß', 'von der Heide', 'Schäfer', 'Weiß', 'Öztürk'],
    phone: (random) =>
      pick(
        [`+49 (0)151 ${digits(random, 8)}`, `0151/${digits(random, 8)}`, `+49151${digits(random, 8)}`],
        random,
      ),
  },
  {
    countries: ['United States', 'USA', 'US', 'United States of America'],
    cities: [
      ['Boston', '02108'],
      ['San José', '95110'],
      ['New York', '10001'],
      ['Austin', '73301'],
    ],
    first: ['John', 'Mary-Ann', 'DeShawn', 'Zoë', 'William', 'Renée', 'Jessica'],
    last: ["O'Brien", 'Smith', 'García-López', 'Washington', 'McDonald', 'St. James'],
    phone: (random) => {
      const line = `555-01${digits(random, 2)}`;
      return pick(
        [`(415) ${line}`, `+1 415 ${line} ext. ${digits(random, 2)}`, `1-212-${line}`, `617.${line}`],
        random,
      );
    },
  },
  {
    countries: ['France', 'FR'],
    cities: [
      ['Paris', '75001'],
      ['Orléans', '45000'],
      ['Saint-Étienne', '42000'],
    ],
    first: ['François', 'Éloïse', 'Jean-Baptiste', 'Chloé', 'Anaïs'],
    last: ['Lefèvre', 'Dupont', 'de La Tour', 'Bœuf', 'Noël'],
    phone: (random) => {
      const pairs = Array.from({ length: 4 }, () => digits(random, 2));
      return random() < 0.5 ? `06 ${pairs.join(' ')}` : `+33 6 ${pairs.join('.')}`;
    },
  },
  {
    countries: ['Spain', 'España', 'ES'],
    cities: [
      ['Málaga', '29001'],
      ['A Coruña', '15001'],
      ['Madrid', '28001'],
    ],
    first: ['José María', 'Begoña', 'Íñigo', 'Lucía', 'Andrés'],
    last: ['Núñez de la Fuente', 'García López', 'Ibáñez', 'Peña'],
    phone: (random) =>
      pick([`+34 612 ${digits(random, 3)} ${digits(random, 3)}`, `612${digits(random, 6)}`], random),
  },
  {
    countries: ['Japan', '日本', 'JP'],
    cities: [
      ['東京', '100-0001'],
      ['Osaka', '530-0001'],
      ['札幌市', '060-0001'],
    ],
    first: ['太郎', '花子', 'さくら', 'Kenji'],
    last: ['山田', '佐藤', 'Tanaka', '髙橋'],
    phone: (random) =>
      pick(
        [`090-${digits(random, 4)}-${digits(random, 4)}`, `+81 90 ${digits(random, 4)} ${digits(random, 4)}`],
        random,
      ),
  },
  {
    countries: ['Ukraine', 'Україна', 'UA'],
    cities: [
      ['Київ', '01001'],
      ['Львів', '79000'],
      ['Odesa', '65000'],
    ],
    first: ['Олена', 'Тарас', 'Oksana', "Дем'ян"],
    last: ['Шевченко', 'Коваленко', 'Bondarenko', 'Їжакевич'],
    phone: (random) =>
      pick([`+380 50 ${digits(random, 3)} ${digits(random, 4)}`, `050${digits(random, 7)}`], random),
  },
  {
    countries: ['Turkey', 'Türkiye', 'TR'],
    cities: [
      ['İstanbul', '34000'],
      ['İzmir', '35000'],
      ['Çanakkale', '17000'],
    ],
    first: ['Ayşe', 'İbrahim', 'Çağla', 'Işıl'],
    last: ['Yılmaz', 'Şahin', 'Gündoğdu', 'Öztürk'],
    phone: (random) =>
      pick(
        [`0532 ${digits(random, 3)} ${digits(random, 2)} ${digits(random, 2)}`, `+90532${digits(random, 7)}`],
        random,
      ),
  },
  {
    countries: ['Egypt', 'مصر', 'EG'],
    cities: [
      ['القاهرة', '11511'],
      ['Giza', '12511'],
    ],
    first: ['محمد', 'فاطمة', 'Omar', 'Nour'],
    last: ['عبد الرحمن', 'حسن', 'El-Sayed', 'Mansour'],
    phone: (random) =>
      pick([`+20 10 ${digits(random, 4)} ${digits(random, 4)}`, `010${digits(random, 8)}`, 'n/a'], random),
  },
];

const domains = [
  'example.com',
  'example.org',
  'example.net',
  'mail.example',
  'poczta.example',
  'post.example',
];
const companies = [
  'Acme',
  'Łódzkie Zakłady Sp. z o.o.',
  'Müller & Söhne GmbH',
  'Café de l’Étoile',
  'O’Neill, Ltd.',
  '株式会社サンプル',
];
const jobs = [
  'CEO',
  'Head of Marketing',
  'Kierowniczka sprzedaży',
  'Software Engineer',
  'Einkäufer',
  'Responsable RH',
];
const stages = ['subscriber', 'lead', 'marketingqualifiedlead', 'opportunity', 'customer', 'evangelist'];
const interests = ['books', 'garden', 'music;sport', 'travel', 'books;garden;travel', 'sport'];
