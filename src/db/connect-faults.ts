// Why a PostgreSQL server cannot be worked with, in words that say what to do. It opens no connection.

const pooled =
  'Tributary keeps locks in its sessions, which transaction pooling does not allow. Use the direct address of the server (Neon: the host without "-pooler"; Supabase: port 5432 instead of 6543; PgBouncer: the address of the server behind it, or pool_mode = session).';

interface ServerError {
  message?: string;
  code?: string;
}

/** The sentence for an error of the first connection. */
export function connectFault(error: ServerError): string {
  const { code = '', message = '' } = error;
  const parameter = /unsupported startup parameter(?: in options)?: (\w+)/.exec(message)?.[1];
  if (parameter !== undefined)
    return `DATABASE_URL leads to a connection pooler that refuses the startup parameter ${parameter}. ${pooled} If it pools by session, allow the parameter: ignore_startup_parameters = idle_in_transaction_session_timeout,plan_cache_mode,jit.`;
  return `Cannot connect to PostgreSQL at DATABASE_URL: ${connectReasons[code] ?? (message || code || 'no reason given')}${/[.!]$/.test(message) && !connectReasons[code] ? '' : '.'}`;
}

/** https://www.postgresql.org/docs/current/errcodes-appendix.html, and the codes of Node's sockets. */
export const connectReasons: { readonly [code: string]: string } = {
  '28P01': 'the server refuses the password of this user',
  '28000': 'the server does not allow this user to connect from this host (see pg_hba.conf and sslmode)',
  '3D000': 'the database does not exist on the server: create it first',
  '53300':
    'the server has no free connection. A worker takes up to 13: raise max_connections, or stop what holds them',
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
  if (code === '53100') return 'The disk of the database is full, so its tables cannot be created.';
  return `The tables cannot be created in the database of DATABASE_URL: ${message || code}.`;
}

export function encodingFault(encoding: string): string | null {
  if (encoding === 'UTF8') return null;
  return `The database of DATABASE_URL is encoded in ${encoding}, which cannot hold every customer's name. Create one in UTF-8: create database tributary encoding 'UTF8' template template0.`;
}

/** Sessions are not kept between two statements. */
export const poolerFault = `DATABASE_URL leads to a connection pooler in transaction mode: two client sessions share one server session. ${pooled}`;

export const swallowedWarning =
  'DATABASE_URL leads to a connection pooler that drops session parameters (plan_cache_mode, jit, idle_in_transaction_session_timeout). Tributary works, but may be slow with large tables. Prefer the direct address of the server.';
