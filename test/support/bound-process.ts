// Processes that end with this one, however this one ends. It does not know what they do.
import { type ChildProcessByStdio, type SpawnOptions, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';

/** Runs a command until it ends or its own input does: the system closes that with our process, however this ends. */
const untilInputEnds =
  'exec 3<&0; "$@" & it=$!; { read -r _ <&3; kill -9 $it; } & watch=$!; wait $it; kill $watch';

/** It is killed when its input is ended. */
export function spawnBound(
  command: readonly string[],
  options: SpawnOptions = {},
): ChildProcessByStdio<Writable, Readable, Readable> {
  return spawn('sh', ['-c', untilInputEnds, 'sh', ...command], {
    ...options,
    stdio: ['pipe', 'pipe', 'pipe'],
  }) as ChildProcessByStdio<Writable, Readable, Readable>;
}
