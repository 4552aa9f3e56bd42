// The file `.env` of the folder in which a process starts: variables that the environment does not set.
import { resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { ConfigError } from './faults.ts';
import type { Variables } from './references.ts';
import { readText, whyUnreadable } from './text-file.ts';

/** Throws ConfigError where there is such a file and it cannot be read. */
export function withEnvFile(variables: Variables, folder: string): Variables {
  const path = resolve(folder, '.env');
  try {
    return { ...parseEnv(readText(path)), ...variables };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return variables;
    throw new ConfigError('The environment', [
      {
        path,
        found: whyUnreadable(error),
        allowed: 'lines of NAME=value, or no such file',
      },
    ]);
  }
}
