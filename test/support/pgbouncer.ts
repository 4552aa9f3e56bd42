// PgBouncer in front of the tests' PostgreSQL, where it is installed. It knows no table.
import { type ChildProcess, execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawnBound } from './bound-process.ts';
import { freePort } from './postgres.ts';

const binary = ['/usr/sbin/pgbouncer', '/usr/bin/pgbouncer'].find((path) => existsSync(path));

export const hasPgbouncer = binary !== undefined;

export interface Pooler {
  /** The address of a database of the server behind it. */
  url(database: string): string;
  stop(): Promise<void>;
}

/** Starts one of its own. It is killed with this process. */
export async function startPgbouncer(options: {
  server: string;
  mode?: 'transaction' | 'session';
  /** Connections to the server, for each database. */
  poolSize?: number;
  /** Default: a free one. */
  port?: number;
  /** Other lines of its configuration. */
  settings?: readonly string[];
}): Promise<Pooler> {
  const server = new URL(options.server);
  const folder = mkdtempSync(join(tmpdir(), 'tributary-pgbouncer-'));
  const port = options.port ?? (await freePort());
  const user = server.username || 'postgres';
  const lines = [
    '[databases]',
    `* = host=${server.hostname} port=${server.port || 5432}`,
    '[pgbouncer]',
    'listen_addr = 127.0.0.1',
    `listen_port = ${port}`,
    'unix_socket_dir =',
    'auth_type = any',
    `pool_mode = ${options.mode ?? 'transaction'}`,
    `default_pool_size = ${options.poolSize ?? 4}`,
    'max_client_conn = 500',
    // Other databases of the server want its connections.
    'server_idle_timeout = 5',
    // Statements that were prepared by name are unknown to other connections, as they are to its older versions.
    ...(knowsPrepared() ? ['max_prepared_statements = 0'] : []),
    ...(options.settings ?? []),
    '',
  ];
  // "any" takes whoever connects for the user that is forced here.
  lines[1] += ` user=${user}${server.password ? ` password=${server.password}` : ''}`;
  const file = join(folder, 'pgbouncer.ini');
  writeFileSync(file, lines.join('\n'));
  chmodSync(folder, 0o755);
  // It refuses to run as root.
  const asRoot = process.getuid?.() === 0;
  const command = [binary!, ...(asRoot ? ['-u', 'postgres'] : []), file];
  const child = spawnBound(command);
  await listening(child);
  return {
    url: (database) => `postgres://${user}@127.0.0.1:${port}/${database}`,
    async stop() {
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.stdin.end();
      await gone;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function knowsPrepared(): boolean {
  const [, major, minor] =
    /(\d+)\.(\d+)/.exec(execFileSync(binary!, ['--version'], { encoding: 'utf8' })) ?? [];
  return Number(major) > 1 || Number(minor) >= 21;
}

/** Resolves when it says that it listens; fails with what it said where it ends before. */
function listening(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = '';
    const hear = (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes('process up')) resolve();
    };
    child.stdout?.on('data', hear);
    child.stderr?.on('data', hear);
    child.once('exit', () => reject(new Error(`PgBouncer ended: ${said}`)));
  });
}
