// DATABASE_URL into what the driver is given. It opens no connection, and none of its sentences shows a password.
import { readFileSync } from 'node:fs';

/**
 * So many connections suffice a worker: one that waits for no work of ours, one for what the sender of a webhook waits for, the
 * others for work. With more it does more at once.
 */
export const minConnections = 4;

/** Options of postgres.js. */
export interface DatabaseAddress {
  host?: string[];
  port?: number[];
  /** The folder of a Unix socket's file. */
  path?: string;
  database?: string;
  username?: string;
  password?: string;
  ssl: false | 'prefer' | 'require' | TlsOptions;
  /** Parameters that the server is sent when a session starts. */
  connection: { [name: string]: string };
  /** What the address says and Tributary does not do, in sentences. */
  warnings: string[];
  /** The address says that a pooler such as PgBouncer answers there. */
  saysPooler: boolean;
}

interface TlsOptions {
  rejectUnauthorized: true;
  ca?: string;
  checkServerIdentity?: () => undefined;
}

/** The address cannot be used. The message is one or two sentences. */
export class AddressError extends Error {
  override name = 'AddressError';
}

/** Parameters that libpq, Prisma and hosting consoles write, and that neither the driver nor the server knows. */
const ignored: ReadonlySet<string> = new Set([
  ...['channel_binding', 'connection_limit', 'fallback_application_name', 'gssdelegation', 'gssencmode'],
  ...['gsslib', 'hostaddr', 'keepalives', 'keepalives_count', 'keepalives_idle', 'keepalives_interval'],
  ...['krbsrvname', 'load_balance_hosts', 'passfile', 'pool_mode', 'pool_timeout', 'require_auth'],
  ...['requirepeer', 'service', 'socket_timeout', 'sslaccept', 'sslcertmode', 'sslcompression', 'sslcrl'],
  ...['sslcrldir', 'sslidentity', 'sslnegotiation', 'sslpassword', 'sslsni', 'ssl_max_protocol_version'],
  ...['ssl_min_protocol_version', 'statement_cache_size', 'supa', 'target_session_attrs', 'tcp_user_timeout'],
  ...['uselibpqcompat', 'workaround'],
  // What newer libpq knows.
  ...[
    'max_protocol_version',
    'min_protocol_version',
    'oauth_client_id',
    'oauth_client_secret',
    'oauth_issuer',
  ],
  ...['oauth_scope', 'scram_client_key', 'scram_server_key', 'servicefile', 'sslkeylogfile'],
  // The driver reads and writes UTF-8, whatever the session is told.
  'client_encoding',
]);
/** They ask for a client certificate, which would silently not be sent. */
const refused: ReadonlySet<string> = new Set(['sslcert', 'sslkey']);

const shape = /^postgres(?:ql)?:\/\/(?:(.*)@)?([^@/?#]*)(?:\/([^@?#]*))?(?:\?([^@#]*))?$/i;
const escapes = 'write / as %2F, # as %23, ? as %3F, @ as %40 and % as %25';

/** Null where the address can be used, else the sentence that says why not. */
export function addressFault(url: string): string | null {
  try {
    parseAddress(url);
    return null;
  } catch (error) {
    if (error instanceof AddressError) return error.message;
    throw error;
  }
}

/** Throws AddressError. */
export function parseAddress(url: string): DatabaseAddress {
  const [, userinfo, hosts, database, query] = shape.exec(url.trim()) ?? malformed(url);
  const [username, ...rest] = (userinfo ?? '').split(':');
  const address: DatabaseAddress = {
    ...placeOf(hosts ?? ''),
    ...(database && { database: decoded(database) }),
    ...(username && { username: credential(username) }),
    ...(rest.length > 0 && { password: credential(rest.join(':')) }),
    ssl: false,
    connection: {},
    warnings: [],
    saysPooler: false,
  };
  const parameters = new URLSearchParams(query ?? '');
  for (const [name, value] of parameters) apply(address, name, value, parameters);
  // Behind the hosts, wherever the query names them.
  const ports = parameters.get('port');
  if (ports) address.port = portsOf(ports, address.host?.length ?? 1);
  return address;
}

function malformed(text: string): never {
  if (/^\s*(?:psql\s|["'`])/.test(text))
    throw new AddressError(
      'DATABASE_URL must be the address alone, without quotation marks or a command around it.',
    );
  throw new AddressError(
    `DATABASE_URL is not an address such as postgres://user:password@host:5432/database. In its user name and password ${escapes}.`,
  );
}

/** A user name or password: what is not escaped in it would end it. An @ does not, as the last one counts. */
function credential(text: string): string {
  if (/[/#?]/.test(text))
    throw new AddressError(
      `The user name or password in DATABASE_URL contains a character that is reserved in URLs: ${escapes}.`,
    );
  return decoded(text);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new AddressError(
      `DATABASE_URL contains a % that is not part of an escape such as %2F: in names and passwords ${escapes}.`,
    );
  }
}

/** The folder of a socket, which libpq writes as `%2Fvar%2Frun%2Fpostgresql`, or hosts. */
function placeOf(text: string): Pick<DatabaseAddress, 'host' | 'port' | 'path'> {
  const folder = /^(\/|%2f)/i.test(text) ? /^([^:]+)(?::(\d{1,5}))?$/.exec(text) : null;
  if (!folder?.[1]) return hostsOf(text);
  return { path: decoded(folder[1]), ...(folder[2] && { port: portsOf(folder[2], 1) }) };
}

/** One for all hosts, or one for each. */
function portsOf(text: string, hosts: number): number[] {
  const ports = text.split(',').map(Number);
  const isWrong = ports.some((port) => !Number.isInteger(port) || port < 1 || port > 65_535);
  if (isWrong || (ports.length > 1 && ports.length !== hosts))
    throw new AddressError(
      'The port in DATABASE_URL is not a port: write a number from 1 to 65535, or one for each host, separated by commas.',
    );
  return ports.length === hosts ? ports : Array.from({ length: hosts }, () => ports[0]!);
}

function hostsOf(text: string): Pick<DatabaseAddress, 'host' | 'port'> {
  if (text === '') return {};
  const hosts = text.split(',').map((one) => {
    const found = /^(\[[0-9a-f:.]+\]|[^:[\]]+)(?::(\d{1,5}))?$/i.exec(one);
    const port = Number(found?.[2] ?? 5432);
    if (!found?.[1] || port > 65_535) return malformed(text);
    return { host: decoded(found[1].replace(/^\[|\]$/g, '')), port };
  });
  return { host: hosts.map(({ host }) => host), port: hosts.map(({ port }) => port) };
}

function apply(address: DatabaseAddress, name: string, value: string, all: URLSearchParams): void {
  if (name === 'sslmode' || name === 'ssl') address.ssl = tls(value, all.get('sslrootcert'));
  else if (name === 'sslrootcert') {
    if (!all.has('sslmode') && !all.has('ssl')) address.ssl = tls('verify-full', value);
  } else if (name === 'host') {
    Object.assign(address, placeOf(value));
  } else if (name === 'port') return;
  else if (name === 'user') address.username = value;
  else if (name === 'password') address.password = value;
  else if (name === 'dbname') address.database = value;
  else if (name === 'schema') address.connection['search_path'] = schemaPath(value);
  else if (name === 'pgbouncer') address.saysPooler = value !== 'false';
  else if (name === 'connect_timeout') return;
  else if (refused.has(name))
    throw new AddressError(
      `DATABASE_URL names a client certificate (${name}), which Tributary does not support: authenticate with a password.`,
    );
  else if (ignored.has(name)) address.warnings.push(`${name} in DATABASE_URL has no effect and is ignored.`);
  else address.connection[name] = value;
}

/** Prisma's `schema`: the one that our tables are made in. */
function schemaPath(name: string): string {
  if (/^[\w$-]+$/u.test(name)) return `"${name}"`;
  throw new AddressError('The schema in DATABASE_URL is not a schema name: use letters, digits, _ and -.');
}

/** libpq's modes; https://www.postgresql.org/docs/current/libpq-ssl.html */
function tls(mode: string, rootCertificate: string | null): DatabaseAddress['ssl'] {
  const ca =
    rootCertificate === null || rootCertificate === 'system' ? {} : { ca: certificate(rootCertificate) };
  switch (mode) {
    case 'disable':
    case 'false':
      return false;
    case 'allow':
    case 'prefer':
      return 'prefer';
    case 'require':
    case 'true':
      // With a root certificate libpq takes it for verify-ca.
      if (rootCertificate === null) return 'require';
      return { rejectUnauthorized: true, ...ca, checkServerIdentity: () => undefined };
    case 'no-verify':
      return 'require';
    case 'verify-ca':
      return { rejectUnauthorized: true, ...ca, checkServerIdentity: () => undefined };
    case 'verify-full':
      return { rejectUnauthorized: true, ...ca };
    default:
      throw new AddressError(
        `sslmode in DATABASE_URL is "${mode.slice(0, 40)}": it can be disable, allow, prefer, require, verify-ca or verify-full.`,
      );
  }
}

function certificate(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new AddressError(
      `The certificate file named by sslrootcert in DATABASE_URL cannot be read (${code}).`,
    );
  }
}
