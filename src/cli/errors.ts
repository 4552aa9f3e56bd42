// What a command says when it cannot do what was asked, and the exit code that goes with it. It knows no command.

/**
 * success: everything that was asked for is done. failed: tried, and not all of it could be done. usage: wrong usage or
 * configuration, so that the same command never succeeds. differs: a preview, dry run or verification found differences.
 * notFound: what was named does not exist.
 */
export const exitCodes = { success: 0, failed: 1, usage: 2, differs: 3, notFound: 4 } as const;

interface Ending {
  meaning: string;
  action: string;
}

/** docs/errors.md is made of it. */
export const exitCodeMeanings: { readonly [code in (typeof exitCodes)[keyof typeof exitCodes]]: Ending } = {
  [exitCodes.success]: { meaning: 'everything was done as requested', action: 'nothing' },
  [exitCodes.failed]: {
    meaning:
      'the command failed or is incomplete: something was rejected, refused, held, left waiting or could not be retried',
    action: 'read the message, remove the cause, and repeat the command',
  },
  [exitCodes.usage]: {
    meaning: 'wrong usage or configuration: the same command will never succeed',
    action:
      'correct the command, the configuration or the environment; `tributary doctor` checks the last two',
  },
  [exitCodes.differs]: {
    meaning:
      'a preview, a dry run (unless `--exit-zero`), `undo --preview` or a verification found differences',
    action: 'look at the differences; `tributary verify --heal` sends customers again',
  },
  [exitCodes.notFound]: {
    meaning:
      'what you named does not exist: a customer, source, run, request, dead letter, token, setting or receipt, also as a filter',
    action: 'use a name that the message suggests, or one of the list of its kind',
  },
};

/** An end that was to be expected. Its message is one or two sentences: what, where, what to do. */
export class CommandError extends Error {
  override name = 'CommandError';
  readonly exitCode: number;
  /** For `--json`: what a program may want to know besides. */
  readonly details: object = {};
  constructor(message: string, exitCode: number = exitCodes.failed, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

/** What was typed or configured cannot be meant. */
export class UsageError extends CommandError {
  override name = 'UsageError';
  constructor(message: string, options?: ErrorOptions) {
    super(message, exitCodes.usage, options);
  }
}

const named = new Set(['TransientError', 'RejectedError', 'UnauthorizedError']);

/** An error of a vendor as a sentence. */
export function sentenceOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return named.has(error.name) ? error.message : `${error.message} (unexpected: please report it)`;
}

export type FailureCode = 'failed' | 'usage' | 'configuration' | 'differs' | 'not_found' | 'defect';

/** What `--json` has as `error.code`. docs/errors.md is made of it. */
export const codeMeanings: { readonly [code in FailureCode]: { exitCode: number; meaning: string } } = {
  failed: { exitCode: exitCodes.failed, meaning: 'it was tried, and not all of it could be done' },
  usage: { exitCode: exitCodes.usage, meaning: 'the command line cannot be meant' },
  configuration: {
    exitCode: exitCodes.usage,
    meaning: 'the configuration or the environment has faults, which `error.faults` lists',
  },
  differs: { exitCode: exitCodes.differs, meaning: 'differences were found' },
  not_found: { exitCode: exitCodes.notFound, meaning: 'what was named does not exist' },
  defect: { exitCode: exitCodes.failed, meaning: 'a defect of Tributary: please report it' },
};

/** How a command line ended that did not end well. */
export interface Failure {
  exitCode: number;
  code: FailureCode;
  message: string;
  details: object;
  /** It was printed already. */
  isPrinted?: true;
}

const codeOf: { readonly [exitCode: number]: Failure['code'] } = {
  [exitCodes.usage]: 'usage',
  [exitCodes.differs]: 'differs',
  [exitCodes.notFound]: 'not_found',
};

/** Known by name, so that a database and a server are loaded only where they are needed. */
const expected: { readonly [name: string]: Pick<Failure, 'exitCode' | 'code'> } = {
  ConfigError: { exitCode: exitCodes.usage, code: 'configuration' },
  FolderError: { exitCode: exitCodes.usage, code: 'usage' },
  DatabaseError: { exitCode: exitCodes.failed, code: 'failed' },
  ListenError: { exitCode: exitCodes.failed, code: 'failed' },
};

/** The exit code and the sentence of whatever a command threw. Null: it ended well all the same. */
export function classify(error: unknown): Failure | null {
  if (error instanceof CommandError) {
    const { exitCode, message, details } = error;
    return { exitCode, code: codeOf[exitCode] ?? 'failed', message, details };
  }
  if (!(error instanceof Error)) return defect(String(error));
  // The reader of our output has gone (`| head`): there is nobody to tell.
  if ((error as NodeJS.ErrnoException).code === 'EPIPE') return null;
  const { name, message } = error;
  const unusable = unusableFile(error);
  if (unusable !== null)
    return { exitCode: exitCodes.failed, code: 'failed', message: unusable, details: {} };
  if (name === 'CommanderError') return usageFault(error as Error & CommanderFault);
  if (Object.hasOwn(expected, name)) {
    const { faults } = error as { faults?: unknown };
    return { ...expected[name]!, message, details: faults === undefined ? {} : { faults } };
  }
  return defect(error.stack ?? message);
}

/** What is wrong with a file or a folder, and what to do, by the code of Node's error. */
const fileFaults: { readonly [code: string]: string } = {
  EACCES: 'this user may not do that. Change its permissions, or use another path.',
  EPERM: 'this user may not do that. Change its permissions, or use another path.',
  EROFS: 'the file system is read-only. Use another path.',
  ENOENT: 'it does not exist, or its folder does not. Create the folder, or correct the path.',
  ENOTDIR: 'a part of the path is no folder. Correct the path.',
  EISDIR: 'it is a folder. Name a file.',
  ENOSPC: 'the disk is full. Free some space.',
  EDQUOT: 'the disk quota of this user is used up. Free some space.',
  EMFILE: 'this process has too many files open. Raise the limit ("ulimit -n").',
};

const fileVerbs: { readonly [syscall: string]: string } = {
  mkdir: 'create',
  unlink: 'delete',
  rename: 'rename',
  read: 'read',
  write: 'write',
  chmod: 'change the permissions of',
};

/** A sentence about a file of the person that cannot be used. Null: the error is about something else. */
function unusableFile(error: NodeJS.ErrnoException): string | null {
  const { code = '', path, syscall = '' } = error;
  if (!Object.hasOwn(fileFaults, code)) return null;
  // What the standard output leads to has no name here.
  if (path === undefined) return syscall === 'write' ? `Cannot write the output: ${fileFaults[code]}` : null;
  // A program that cannot be started, or a socket, also has a path.
  if (/^(spawn|connect|listen)/.test(syscall)) return null;
  return `Cannot ${fileVerbs[syscall] ?? 'open'} ${path}: ${fileFaults[code]}`;
}

interface CommanderFault {
  exitCode: number;
  code: string;
  message: string;
}

/** commander has printed its own sentence, or the help or version that was asked for. */
function usageFault({ exitCode, code, message }: CommanderFault): Failure | null {
  if (exitCode === 0) return null;
  const sentence =
    code === 'commander.help'
      ? 'No command was given: see "tributary --help".'
      : message.replace(/^error: /, '');
  return { exitCode: exitCodes.usage, code: 'usage', message: sentence, details: {}, isPrinted: true };
}

function defect(text: string): Failure {
  return { exitCode: exitCodes.failed, code: 'defect', message: `${text}\n${reportIt}`, details: {} };
}

const reportIt = 'This is a defect of Tributary: please report it, with the lines above.';
