// What an error of a database that is read says of what to do next. It opens no connection, and shows no value of a row.
import { RejectedError, TransientError, UnauthorizedError } from '../../connector.ts';
import { connectReasons } from '../../db/connect-faults.ts';

/**
 * The door's error for one of the driver or the server (SQLSTATE:
 * https://www.postgresql.org/docs/current/errcodes-appendix.html). Errors of the door are as they are.
 */
export function errorOf(name: string, error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  if (['TransientError', 'RejectedError', 'UnauthorizedError'].includes(error.name)) return error;
  const code = codeOf(error);
  if (code === undefined) return error;
  const reason = connectReasons[code];
  if (code.startsWith('28'))
    return new UnauthorizedError(`${name} cannot connect to its database: ${reason ?? 'access is refused'}`);
  if (isPassing(code))
    return new TransientError(
      `${name} cannot read its database: ${reason ?? passing[code] ?? 'the connection was lost'} (${code})`,
    );
  return new RejectedError(sentenceOf(name, error, code), { code: `sqlstate_${code.toLowerCase()}` });
}

function sentenceOf(name: string, { message }: Error, code: string): string {
  if (code === '57014')
    return `A statement of ${name} was cancelled because it took longer than statementTimeoutSeconds: create an index on the updated-at column and the key, or raise the setting.`;
  if (/row-level security/.test(message))
    return `A row-level security policy would hide rows from the user of ${name}, and hidden rows look like deleted ones. Let the user bypass it (alter role … bypassrls), or set rowSecurity to true if the visible rows are all that is to be read.`;
  if (code === '42501')
    return `The user of ${name} lacks a permission: ${message}. Grant select on the table or view, and usage on its schema.`;
  if (code === '3D000') return `The database that the url of ${name} names does not exist.`;
  // Messages of the class 22 (data exception) quote values.
  const said = code.startsWith('22') ? 'a value of a row cannot be read' : message;
  return `The database of ${name} refuses a statement: ${said} (${code}).`;
}

/** 08: connections. 53: resources. 57P: an operator. 58: the system. 40: conflicts, such as with a standby's replay. */
function isPassing(code: string): boolean {
  return /^(08|53|57P|58|40|25P|55P03|CONNECT|E[A-Z]+$)/.test(code);
}

const passing: { readonly [code: string]: string } = {
  '40001': 'a conflict with what it replays ended the statement',
  '55P03': 'another session holds a lock on the table',
  '57P01': 'an administrator ended the session',
};

function codeOf(error: Error): string | undefined {
  const { code, errors } = error as { code?: unknown; errors?: unknown };
  if (typeof code === 'string' && code !== '') return code;
  return error instanceof AggregateError && Array.isArray(errors) ? codeOf(errors[0] as Error) : undefined;
}
