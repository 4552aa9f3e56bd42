// Local files for connectors that read them.
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { type Files, RejectedError } from '../connector.ts';

export const localFiles: Files = {
  async stat(path) {
    try {
      const { size, mtimeMs } = await stat(path);
      return { bytes: size, changedAt: Math.floor(mtimeMs) };
    } catch (error) {
      const why =
        (error as NodeJS.ErrnoException).code === 'ENOENT'
          ? 'there is no such file'
          : (error as Error).message;
      throw new RejectedError(`cannot read ${path}: ${why}`, { code: 'no_file' });
    }
  },
  open: (path, fromByte) => createReadStream(path, { start: fromByte }),
};
