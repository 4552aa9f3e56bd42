// Imports by the command, end to end: what it says of columns, of what is held, refused or missing, and how it ends.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Served, serve } from '../../simulators/serve.ts';
import { createVoucherifySimulator } from '../../simulators/voucherify.ts';
import { runCommand } from '../support/run-command.ts';

const [appId, appToken] = ['app-id', 'app-token-00000000'];
const fixtures = join(import.meta.dirname, '../fixtures/exports');

let folder: string;
let served: Served;
let voucherify: ReturnType<typeof createVoucherifySimulator>;
let files: Record<string, unknown>;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tributary-imports-'));
  voucherify = createVoucherifySimulator({ now: Date.now, appId, appToken });
  served = await serve(voucherify.app);
  files = { connector: 'csv' };
});

afterEach(async () => {
  await served.close();
  rmSync(folder, { recursive: true, force: true });
});

async function tributary(...args: string[]) {
  const quota = { requests: 10_000, seconds: 10, reserve: 0 };
  const destination = { connector: 'voucherify', appId, appToken, baseUrl: served.url, quota };
  writeFileSync(join(folder, 'tributary.config.json'), JSON.stringify({ destination, sources: { files } }));
  return runCommand(folder, args);
}

function write(content: string, name = 'people.csv'): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

describe('columns', () => {
  it('11-mailchimp-export: a dry run shows them and keeps nothing; the import ends by saying them', async () => {
    const file = join(fixtures, 'mailchimp.csv');
    const asked = await tributary('import', file);
    expect(asked.exitCode).toBe(1);
    expect(asked.err).toContain('Mailchimp audience export');
    expect(asked.err).toMatch(/such as "EUID".*--source-id/);
    const tried = await tributary('import', file, '--source-id', 'EUID', '--dry-run');
    expect(tried.exitCode).toBe(3);
    expect(tried.out).toContain('Columns, of a Mailchimp audience export:');
    expect(tried.out).toContain('name ← First Name + Last Name');
    expect(tried.out).toMatch(/Left out \(IP address[^)]*\): OPTIN_IP, CONFIRM_IP\./);
    expect(tried.out).toContain('"mapping": {"name":["First Name","Last Name"]');
    expect(tried.out).toContain('2 would be new customers');
    expect(voucherify.count).toBe(0);
    const done = await tributary('import', file, '--source-id', 'EUID', '--json');
    expect(done.exitCode).toBe(0);
    const { runs, customers } = JSON.parse(done.out).result;
    expect(customers).toMatchObject({ total: 2, delivered: 2, held: 0 });
    expect(runs[0].columns).toMatchObject({ recognised: 'Mailchimp audience export', missing: [] });
    expect(voucherify.bySourceId('bb22cc33dd')).toMatchObject({
      name: 'Nils Ohm',
      email: 'nils.ohm@example.test',
      metadata: expect.not.objectContaining({ OPTIN_IP: expect.anything(), LATITUDE: expect.anything() }),
    });
  });

  it('a dry run says which rows would be rejected and why, and keeps no dead letter', async () => {
    const rows = Array.from({ length: 30 }, (_, index) => `,Nobody ${index}`);
    const tried = await tributary(
      'import',
      write(`Source_id,Name\nada,Ada\n${rows.join('\n')}\n`),
      '--dry-run',
    );
    expect(tried.exitCode).toBe(3);
    expect(tried.out).toContain('rejected: 30');
    expect(tried.out).toMatch(/ {2}row 3 of people\.csv: .*Source_id/);
    expect(tried.out).toContain('  and 10 more');
    expect(tried.out).toContain('No customer would change.');
    expect(tried.err).toMatch(
      /The run itself would fail: 30 of the 31 rows read so far were rejected, more than "maxBadShare" allows/,
    );
    expect((await tributary('problems')).out).toContain('Nothing needs a person');
    expect((await tributary('import', join(folder, 'people.csv'))).err).toContain(
      '30 of the 31 rows read so far',
    );
  });

  it('06-email-as-record-id: the key is the e-mail address too, and letter case makes no second customer', async () => {
    files['recordId'] = 'Email';
    const file = write('Name,Email\nAnn Lower,ann.f@example.test\nAnn Upper,Ann.F@Example.test\n');
    await tributary('import', file);
    expect([...voucherify.customers()].map(({ source_id, email }) => [source_id, email])).toEqual([
      ['ann.f@example.test', 'ann.f@example.test'],
    ]);
  });

  it.each(['Mail', 'E_Mail', 'E.Mail', 'Correo electrónico'])(
    '06-email-as-record-id: and the same in a column called %s',
    async (column) => {
      files['recordId'] = column;
      const file = write(
        `${column};Name\nAnn@Example.test,;Ann\nbo@example.test;Bo\n"cy@example.test, di@example.test";Cy\n`,
      );
      const { exitCode } = await tributary('import', file);
      expect(exitCode).toBe(1);
      expect([...voucherify.customers()].map(({ source_id }) => source_id)).toEqual([
        'ann@example.test',
        'bo@example.test',
      ]);
    },
  );

  it('04-mapping-names-no-column: a file that the mapping knows nothing of is refused with the columns meant', async () => {
    files['mapping'] = { name: 'full name', email: 'EMAIL', 'metadata.x': 'Nope' };
    const { exitCode, err } = await tributary(
      'import',
      write('Source_id,Full Name,Email\nty8,Ann,a@example.test\n'),
    );
    expect(exitCode).toBe(1);
    expect(err).toContain('"full name" (did you mean "Full Name"?), "EMAIL" (did you mean "Email"?), "Nope"');
    expect(voucherify.count).toBe(0);
  });

  it('03-column-renamed: what the mapping misses is named with the column meant, and the exit code is not 0', async () => {
    files['mapping'] = { name: ['First Name', 'Last Name'], email: 'Email' };
    await tributary('import', write('Source_id,First Name,Last Name,Email\nre2,Iga,Now,iga@example.test\n'));
    const renamed = write('Source_id,First Name,Last Name,E-Mail\nre2,Iga,New,iga2@example.test\n');
    const second = await tributary('import', renamed);
    expect(second.exitCode).toBe(1);
    expect(second.err).toContain('maps email from the column "Email" (did you mean "E-Mail"?)');
    const third = await tributary('import', renamed, '--map', 'email=E-Mail');
    expect(third.exitCode).toBe(0);
    expect(voucherify.bySourceId('re2')).toMatchObject({ name: 'Iga New', email: 'iga2@example.test' });
  });

  it('02-fewer-columns: columns that a file does not have stay; one under another name is the same column', async () => {
    await tributary(
      'import',
      write('Source_id,Name,Email,Phone,Tier\npb1,Ann,pb1@example.test,+48600100301,gold\n'),
    );
    const second = await tributary(
      'import',
      write('Source_id,E-mail address,loyalty_points\npb1,pb2@example.test,50\n'),
    );
    expect(second.exitCode).toBe(0);
    expect(voucherify.bySourceId('pb1')).toMatchObject({
      name: 'Ann',
      email: 'pb2@example.test',
      phone: '+48600100301',
      metadata: { Tier: 'gold', loyalty_points: '50' },
    });
  });

  it.each([
    ['a whole name under another name', 'Name\nnm1,Ann Old', 'Full Name\nnm1,Ann New'],
    ['a first and a last name after a whole one', 'Name\nnm1,Ann Old', 'First Name,Last Name\nnm1,Ann,New'],
    ['a whole name after its parts', 'First Name,Last Name\nnm1,Ann,Old', 'Full Name\nnm1,Ann New'],
    ['a last name called Name after a whole one', 'Name\nnm1,Ann Old', 'Vorname,Name\nnm1,Ann,New'],
  ])('03-column-renamed: the newer file counts, with %s', async (_, first, second) => {
    await tributary('import', write(`Source_id,${first}\n`));
    const { out } = await tributary('import', write(`Source_id,${second}\n`));
    expect(out).toContain('name ←');
    const { name, metadata } = voucherify.bySourceId('nm1')!;
    expect({ name, metadata: metadata ?? {} }).toEqual({ name: 'Ann New', metadata: {} });
  });

  it('03-column-renamed: the newer file counts, with every column in another language', async () => {
    await tributary(
      'import',
      write(
        'Source_id,Vorname,Nachname,Telefon,Straße,PLZ,Ort,Bundesland,Land,Beschreibung\n' +
          'la1,Ann,Lee,+48600100200,Weg 1,12345,Ulm,Bayern,DE,Alt\n',
      ),
    );
    await tributary(
      'import',
      write(
        'Source_id,Imię,Nazwisko,Nr telefonu,Adres,Kod pocztowy,Miasto,Województwo,Kraj,Opis\n' +
          'la1,Bo,Kot,+48600100201,Prosta 2,76-270,Ustka,pomorskie,PL,Nowy\n',
      ),
    );
    const { name, phone, description, address, metadata } = voucherify.bySourceId('la1')!;
    expect({ name, phone, description, address, metadata: metadata ?? {} }).toEqual({
      name: 'Bo Kot',
      phone: '+48600100201',
      description: 'Nowy',
      address: {
        line_1: 'Prosta 2',
        postal_code: '76-270',
        city: 'Ustka',
        state: 'pomorskie',
        country: 'PL',
      },
      metadata: {},
    });
  });

  it('03-column-renamed: a mobile phone is not the phone of the file before', async () => {
    await tributary('import', write('Source_id,Telephone\nmo1,+48221002003\n'));
    await tributary('import', write('Source_id,Handy\nmo1,+48600100201\n'));
    expect(voucherify.bySourceId('mo1')).toMatchObject({
      phone: '+48221002003',
      metadata: { Handy: '+48600100201' },
    });
    await tributary('import', write('Source_id,Phone number,Cell\nmo1,+48221002004,+48600100202\n'));
    const { phone, metadata } = voucherify.bySourceId('mo1')!;
    expect({ phone, metadata }).toEqual({
      phone: '+48221002004',
      metadata: { Handy: null, Cell: '+48600100202' },
    });
  });

  it('02-fewer-columns: two columns of one meaning in one file are two, and the one that the next file lacks stays', async () => {
    await tributary('import', write('Source_id,Email,Work Email\ntw1,a@example.test,work@example.test\n'));
    await tributary('import', write('Source_id,Email\ntw1,b@example.test\n'));
    expect(voucherify.bySourceId('tw1')).toMatchObject({
      email: 'b@example.test',
      metadata: { 'Work Email': 'work@example.test' },
    });
  });

  it('02-fewer-columns: a file with a first name alone takes no whole name away', async () => {
    await tributary('import', write('Source_id,Name\nfn1,Ann Lee\n'));
    await tributary('import', write('Source_id,First Name\nfn1,Annie\n'));
    expect(voucherify.bySourceId('fn1')).toMatchObject({ name: 'Ann Lee' });
  });
});

describe('settings for one file', () => {
  it('are checked before the file is taken, and say what is wrong', async () => {
    const file = write('Source_id,Mail of the person\nst1,st1@example.test\n');
    const faults: [string[], RegExp][] = [
      [['--set', 'path=/etc/passwd'], /"path" cannot be set for an import/],
      [['--set', 'extra=some'], /extra cannot be "some"/],
      // Records are mapped again whenever the configuration changes, and then nobody knows of it.
      [
        ['--set', 'extra=none'],
        /"extra" applies to every file of sources\.files: set it in the configuration/,
      ],
      [['--set', 'columns={"Mail of the person":"email"}'], /"columns" applies to every file.*--map/],
      [['--map', 'mail=Mail'], /"mail".*email/],
      [['--map', 'email'], /Use the form field=Column/],
      [['--exit-zero'], /--exit-zero requires --dry-run/],
    ];
    for (const [args, sentence] of faults)
      expect(await tributary('import', file, ...args), args.join(' ')).toMatchObject({
        exitCode: 2,
        err: expect.stringMatching(sentence),
      });
    const absent = await tributary('import', file, '--map', 'email=Nope');
    expect(absent).toMatchObject({ exitCode: 1, err: expect.stringContaining('has no column "Nope"') });
    expect(voucherify.count).toBe(0);
  });

  it('an empty file and a path through a file are named, with what to do', async () => {
    const empty = write('', 'empty.csv');
    expect(await tributary('import', empty)).toMatchObject({
      exitCode: 2,
      err: expect.stringContaining(`${empty} is empty: its first row must name the columns`),
    });
    expect(await tributary('import', join(empty, 'people.csv'))).toMatchObject({
      exitCode: 2,
      err: expect.stringContaining('a part of the path is not a folder'),
    });
  });
});

describe('what an import did', () => {
  it('05-held-and-not-said: held customers are counted, named with the next command, and the exit code is not 0', async () => {
    const rows = Array.from({ length: 40 }, (_, index) => index);
    const head = 'Source_id,Name,Email,loyalty_points';
    await tributary('import', write('Source_id,Name\nother,Otto\n'));
    const first = await tributary(
      'import',
      write([head, ...rows.map((i) => `bl${i},Ann ${i},bl${i}@example.test,1`), ''].join('\r\n')),
    );
    expect(first).toMatchObject({ exitCode: 0, out: expect.stringContaining('Delivered: 40 customers.') });
    const second = await tributary(
      'import',
      write([head, ...rows.map((i) => `bl${i},Ann ${i},,${i}`), ''].join('\r\n')),
    );
    const delivered = 40 - Number(/(\d+) customers are held/.exec(second.err)?.[1]);
    expect(delivered).toBeLessThan(40);
    expect(second.out).toContain(`Delivered: ${delivered} customers.`);
    expect(second.err).toContain('"tributary holds list"');
    expect(second.exitCode).toBe(1);
  });

  it('a value that fails is reported; its row stays', async () => {
    const file = write('Source_id,First Name,Date of birth\nv1,Ann,yesterday\n');
    const { exitCode, err } = await tributary('import', file);
    expect(exitCode).toBe(0);
    expect(err).toContain('1 value is left out');
    expect(err).toContain('"tributary problems quarantine"');
    expect(voucherify.bySourceId('v1')).toMatchObject({ name: 'Ann' });
  });
});
