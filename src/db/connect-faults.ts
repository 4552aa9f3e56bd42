// Why a PostgreSQL server cannot be worked with, in words that say what to do. It opens no connection.

interface ServerError {
  message?: string;
  code?: string;
}

/** The sentence for an error of the first connection. */
export function connectFault(error: ServerError): string {
  const { code = '', message = '' } = error;
  if (code === '42704')
    return `Cannot connect to PostgreSQL at DATABASE_URL: ${message}: remove it from the address.`;
  // The server has answered that it has none.
  if (/before secure TLS/.test(message))
    return 'Cannot connect to PostgreSQL at DATABASE_URL: the server does not offer TLS. Switch it on there, or, in a network that you trust, use sslmode=disable.';
  return `Cannot connect to PostgreSQL at DATABASE_URL: ${connectReasons[code] ?? (message || code || 'no reason given')}${/[.!]$/.test(message) && !connectReasons[code] ? '' : '.'}`;
}

/** https://www.postgresql.org/docs/current/errcodes-appendix.html, and the codes of Node's sockets. */
export const connectReasons: { readonly [code: string]: string } = {
  '28P01': 'the server refuses the password of this user',
  '28000': 'the server does not allow this user to connect from this host (see pg_hba.conf and sslmode)',
  '3D000': 'the database does not exist on the server: create it first',
  '53300':
    'the server has no free connection. A worker takes DATABASE_CONNECTIONS, 8 by default: raise max_connections, stop what holds them, or put a pooler such as PgBouncer before it',
  '57P03': 'the server is starting up or shutting down: try again in a moment',
  ECONNREFUSED: 'nothing listens at this host and port',
  ENOTFOUND: 'the host name does not exist',
  EAI_AGAIN: 'the host name cannot be resolved at the moment',
  ETIMEDOUT: 'the host does not answer in time (a firewall may block the connection)',
  CONNECT_TIMEOUT: 'the host does not answer in time (a firewall may block the connection)',
  EHOSTUNREACH: 'the host cannot be reached',
  ENOENT: 'the socket does not exist',
  SELF_SIGNED_CERT_IN_CHAIN:
    'its certificate is signed by an unknown authority: name that authority with sslrootcert, or use sslmode=require',
  DEPTH_ZERO_SELF_SIGNED_CERT:
    'its certificate is self-signed: name it with sslrootcert, or use sslmode=require',
  ERR_TLS_CERT_ALTNAME_INVALID:
    'its certificate is for another host: check the host, or use sslmode=verify-ca',
};

/** The sentence for an error while the tables were being made. */
export function migrationFault(error: ServerError, user: string): string {
  const { code = '', message = '' } = error;
  if (code === '42501')
    return `The tables cannot be created in the database of DATABASE_URL: ${message}. The user ${user} needs the rights: grant create on database … to ${user}; grant usage, create on schema public to ${user}.`;
  if (code === '25006')
    return 'The database of DATABASE_URL is read-only (a replica, or default_transaction_read_only is on): Tributary needs the primary.';
  if (code === '3F000')
    return 'The schema that DATABASE_URL names does not exist: create it first (create schema …), or name another.';
  if (code === '53100') return 'The disk of the database is full, so its tables cannot be created.';
  return `The tables cannot be created in the database of DATABASE_URL: ${message || code}.`;
}

export function encodingFault(encoding: string): string | null {
  if (encoding === 'UTF8') return null;
  return `The database of DATABASE_URL is encoded in ${encoding}, which cannot hold every customer's name. Create one in UTF-8: create database tributary encoding 'UTF8' template template0.`;
}

export const foreignFault =
  'The database of DATABASE_URL holds the migrations of another program, which keeps them where Tributary does (drizzle.__drizzle_migrations): give Tributary a database of its own. Nothing was changed.';

/** Behind a pooler nothing is set for a session, and a statement by itself is in no transaction that could set it. */
export const jitWarning = (user: string) =>
  `DATABASE_URL leads to a connection pooler, and just-in-time compilation is on, which makes some statements ten times as slow. Switch it off once for the user of Tributary: alter role ${JSON.stringify(user)} in database … set jit = off.`;

/** Behind a pooler nobody can listen. */
export const silentWarning =
  'DATABASE_URL leads to a connection pooler, which does not pass on notifications: workers look for new work every second. Set DATABASE_DIRECT_URL to the address of the server itself (Neon: the host without "-pooler"; Supabase: the direct connection) to have them told at once.';
