// The file on disk: its state, and the errors for a file that cannot be read.
import { type Files, RejectedError } from '#connector';

export interface FileState {
  bytes: number;
  /** Epoch milliseconds. */
  changedAt: number;
}

export function fileName(path: string): string {
  return path.split(/[\\/]/).at(-1) ?? path;
}

/** Throws `RejectedError` where there is no such file. */
export async function stat(files: Files, path: string): Promise<FileState> {
  try {
    return await files.stat(path);
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

/** The bytes of a file from one of them on. Throws `RejectedError` where it cannot be read. */
export async function* read(files: Files, path: string, fromByte: number): AsyncGenerator<Buffer> {
  try {
    yield* files.open(path, fromByte) as AsyncIterable<Buffer>;
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

const causes: { [code: string]: string } = {
  EISDIR: 'it is a folder',
  EACCES: 'the user that runs Tributary may not read it',
  EPERM: 'the user that runs Tributary may not read it',
};

function unreadable(path: string, cause: unknown): RejectedError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'no_file';
  const message =
    code === 'ENOENT' || code === 'no_file'
      ? `The file ${fileName(path)} does not exist.`
      : `${fileName(path)} cannot be read: ${causes[code] ?? code}.`;
  return new RejectedError(message, { code: 'no_file', cause });
}
