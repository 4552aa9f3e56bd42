// Which errors of a database say that it cannot be worked with now, whatever was asked of it, and what is said of them. It
// opens no connection.

/** Ours, where SQLSTATE has none: more statements wait for a connection than are let wait. */
export const noConnection = 'NO_CONNECTION';

/** Ours: a statement has not been answered in time, and nothing says why. */
export const noAnswer = 'NO_ANSWER';

interface ServerError {
  name?: string;
  message?: string;
  code?: string | undefined;
}

/**
 * Whether the database is to blame and not the statement: it will do the same later. Classes of
 * https://www.postgresql.org/docs/current/errcodes-appendix.html, the driver's codes, and those of Node's sockets.
 */
export function isUnavailable(error: unknown): error is ServerError {
  const { name, code } = (error ?? {}) as ServerError;
  return name === 'DatabaseError' && code !== undefined && (code in words || unavailable.test(code));
}

/** 08: connections. 53: resources. 57: an operator, but for statements that he cancelled. 58: the system. 28, 3D: who may enter. */
const unavailable = /^(08|53|57P|58|28|3D|25006$|25P03$|CONNECT|E[A-Z]+$)/;

/**
 * Whether it is unavailable for a reason that no statement is the cause of: the server, the network, an administrator or others that
 * use it. A statement may itself use up memory (53200), files on disk (53400) or its time (57014), or reach what is damaged (58).
 */
export function isOutage(error: unknown): error is ServerError {
  return isUnavailable(error) && !/^(53200|53400|57014|58)/.test(error.code!);
}

/** Whether it answers and takes no writes. */
export function refusesWrites(error: unknown): boolean {
  return isUnavailable(error) && (error.code === '25006' || error.code === '53100');
}

/** Why, as a part of a sentence. It holds no value of any statement. */
export function unavailableReason({ code = '', message = '' }: ServerError): string {
  if (words[code]) return words[code];
  if (code.startsWith('CONNECTION_')) return 'the connection was lost';
  return `${message || 'no reason given'} (${code})`;
}

const words: { readonly [code: string]: string } = {
  [noConnection]: 'all connections to it are busy, and too many statements are waiting for one',
  [noAnswer]: 'it does not answer',
  '25006': 'it is read-only',
  '53100': 'its disk is full',
  '53200': 'it has no memory left',
  '53300': 'it has no free connection: raise max_connections, or stop what holds them',
  '55P03': 'another session holds a lock that is needed',
  '57014': 'a statement was cancelled because it waited too long for a lock',
  '57P01': 'an administrator ended the session',
  '57P02': 'it has crashed and is recovering',
  '57P03': 'it is starting up or shutting down',
  '28P01': 'it refuses the password',
  '3D000': 'the database no longer exists',
  CONNECT_TIMEOUT: 'it does not accept a connection in time',
  ECONNREFUSED: 'nothing listens at its address',
  ECONNRESET: 'the connection was lost',
  ENOTFOUND: 'its host name does not exist',
  EAI_AGAIN: 'the name of its host cannot be resolved',
  ETIMEDOUT: 'it cannot be reached in time',
  EHOSTUNREACH: 'its host cannot be reached',
};
