// Which errors were to be expected: what a vendor answered, and what became of the database's server, the network or the disk.
// They need no stack. It throws none of them.
import { RejectedError, TransientError, UnauthorizedError } from '../../connector.ts';
import { isOutage, isUnavailable } from '../../db/availability.ts';

/** Codes of Node's sockets and files (`ECONNREFUSED`), and of the database's driver. */
const systemCode = /^(E[A-Z_]{3,}|CONNECT(ION)?_\w+)$/;

/** At which level the failure of a piece of work is told: an outage of the database is told once, for all that it concerns. */
export function failureLevel(error: unknown): 'debug' | 'error' {
  return isOutage(error) ? 'debug' : 'error';
}

export function isExpected(error: unknown): boolean {
  if (isUnavailable(error)) return true;
  for (let inner = error; inner instanceof Error; inner = inner.cause) {
    if ([TransientError, RejectedError, UnauthorizedError].some((kind) => inner instanceof kind)) return true;
    const { code } = inner as { code?: unknown };
    if (typeof code === 'string' && systemCode.test(code)) return true;
  }
  return false;
}
