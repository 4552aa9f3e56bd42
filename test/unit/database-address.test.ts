// DATABASE_URL in the forms that people and hosting consoles write it.
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { addressFault, parseAddress } from '../../src/db/address.ts';

describe('The address of a database', () => {
  it('is taken apart, escapes undone', () => {
    expect(parseAddress('postgres://ann%40x:p%2Fw%25%23@db.example.com:6432/trib')).toMatchObject({
      host: ['db.example.com'],
      port: [6432],
      database: 'trib',
      username: 'ann@x',
      password: 'p/w%#',
      ssl: false,
      warnings: [],
    });
  });

  it('may name an IPv6 host, several hosts, a socket, or almost nothing', () => {
    expect(parseAddress('postgresql://[::1]:5433/x')).toMatchObject({ host: ['::1'], port: [5433] });
    expect(parseAddress('postgres://u@a:1,b/x')).toMatchObject({ host: ['a', 'b'], port: [1, 5432] });
    expect(parseAddress('postgres:///x?host=/var/run/postgresql&user=me')).toMatchObject({
      path: '/var/run/postgresql',
      username: 'me',
      database: 'x',
    });
    expect(parseAddress('postgres://u@%2Fvar%2Frun%2Fpostgresql/x')).toMatchObject({
      path: '/var/run/postgresql',
      database: 'x',
    });
    expect(parseAddress('postgres://u@%2Ftmp:5433/x')).toMatchObject({ path: '/tmp', port: [5433] });
    expect(parseAddress('postgres://u:a:b@h/x')).toMatchObject({ password: 'a:b' });
    expect(parseAddress('postgres://u:p@w@h/x')).toMatchObject({ password: 'p@w', host: ['h'] });
  });

  it('may name ports in its query, before its hosts too', () => {
    expect(parseAddress('postgres:///x?port=6432&host=a')).toMatchObject({ host: ['a'], port: [6432] });
    expect(parseAddress('postgres:///x?host=a,b&port=1,2')).toMatchObject({ host: ['a', 'b'], port: [1, 2] });
    expect(parseAddress('postgres://a,b/x?port=6432')).toMatchObject({ port: [6432, 6432] });
    for (const port of ['abc', '0', '70000', '1,2,3', '1,'])
      expect(addressFault(`postgres://a,b/x?port=${port}`)).toMatch(
        /^The port in DATABASE_URL is not a port/,
      );
  });

  it.each(['p/w', 'p#w', 'p?w', '12/34', 'p%w', '%', 'a/b@c'])(
    '21-password-with-a-slash: the password %s is reported with an explanation that does not show it',
    (password) => {
      const fault = addressFault(`postgres://postgres:${password}@127.0.0.1:5432/x`);
      expect(fault).toContain('DATABASE_URL');
      expect(fault).toContain('%2F');
      expect(fault).not.toContain(password === '%' ? 'postgres:%' : password);
    },
  );

  it.each([
    'postgres://h:99999/x',
    'postgres://h:port/x',
    'mysql://h/x',
    'postgres//h/x',
    'postgres://[::1/x',
  ])('is refused in words: %s', (url) =>
    expect(addressFault(url)).toMatch(/^DATABASE_URL is not an address such as postgres:/),
  );

  it.each(['"postgres://u:pw@h/x"', "'postgres://u:pw@h/x'", "psql 'postgresql://u:pw@h/x?sslmode=require'"])(
    '20-hosted-database-url: what a console or a file of variables puts around it is named: %s',
    (url) =>
      expect(addressFault(url)).toMatch(/^DATABASE_URL must be the address alone, without quotation marks/),
  );

  it('20-hosted-database-url: leaves out what libpq knows and the driver does not, and says so', () => {
    const { warnings, connection, ssl } = parseAddress(
      'postgres://user:pw@host/db?sslmode=require&channel_binding=require&target_session_attrs=read-write',
    );
    expect(warnings).toEqual([
      'channel_binding in DATABASE_URL has no effect and is ignored.',
      'target_session_attrs in DATABASE_URL has no effect and is ignored.',
    ]);
    expect(connection).toEqual({});
    expect(ssl).toBe('require');
  });

  it('20-hosted-database-url: never passes on an encoding other than that of the driver, nor what newer libpq knows', () => {
    const url = 'postgres://h/x?client_encoding=latin1&max_protocol_version=3.2&sslkeylogfile=a';
    expect(parseAddress(url).connection).toEqual({});
    expect(parseAddress(url).warnings).toHaveLength(3);
  });

  it('keeps parameters of the server, and takes a schema for the search path', () => {
    expect(
      parseAddress('postgres://h/x?options=endpoint%3Dep-1&statement_timeout=5000&schema=trib').connection,
    ).toEqual({ options: 'endpoint=ep-1', statement_timeout: '5000', search_path: '"trib"' });
    expect(addressFault('postgres://h/x?schema=a"b')).toMatch(/not a schema name/);
  });

  it('knows a pooler by the word that Prisma writes', () => {
    expect(parseAddress('postgres://h/x?pgbouncer=true').saysPooler).toBe(true);
    expect(parseAddress('postgres://h/x?pgbouncer=false').saysPooler).toBe(false);
  });

  it('takes each sslmode of libpq', () => {
    const of = (mode: string) => parseAddress(`postgres://h/x?sslmode=${mode}`).ssl;
    expect(['disable', 'allow', 'prefer', 'require', 'no-verify'].map(of)).toEqual([
      false,
      'prefer',
      'prefer',
      'require',
      'require',
    ]);
    expect(of('verify-full')).toEqual({ rejectUnauthorized: true });
    expect(of('verify-ca')).toMatchObject({ rejectUnauthorized: true });
    expect(addressFault('postgres://h/x?sslmode=yes')).toMatch(/sslmode in DATABASE_URL is "yes"/);
  });

  it('verifies by a root certificate where one is named', () => {
    const path = join(mkdtempSync(join(tmpdir(), 'tributary-ca-')), 'ca.pem');
    writeFileSync(path, 'certificate');
    expect(parseAddress(`postgres://h/x?sslrootcert=${path}`).ssl).toEqual({
      rejectUnauthorized: true,
      ca: 'certificate',
    });
    expect(addressFault('postgres://h/x?sslmode=verify-full&sslrootcert=/nowhere')).toMatch(/cannot be read/);
    expect(addressFault('postgres://h/x?sslcert=/a')).toMatch(
      /does not support: authenticate with a password/,
    );
  });
});
