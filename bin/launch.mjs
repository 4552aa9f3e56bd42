// Runs one of our scripts under the pinned Node, after installing what the lock file names.
// It is plain JavaScript for Node 20 or newer: it runs before anything is installed.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository, or the installed package. */
export const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** Installs the dependencies when the lock file differs from the one last installed. */
function install() {
  const lock = join(root, 'package-lock.json');
  const marker = join(root, 'node_modules', '.tributary-lock');
  if (!existsSync(lock) || !existsSync(join(root, '.npmrc'))) return; // an image brings its own
  const wanted = createHash('sha256').update(readFileSync(lock)).digest('hex');
  const isDone = () => existsSync(marker) && readFileSync(marker, 'utf8') === wanted;
  if (isDone()) return;
  const release = claimInstallation();
  // Another command may have done it meanwhile.
  if (isDone()) return release();
  console.error('Installing dependencies (once, and again whenever package-lock.json changes) …');
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  // NODE_ENV=production must not leave out what the sandbox and the tests need.
  // npm warns of packages that ask for a newer Node than the host's: they run on the pinned one.
  const quiet = ['--no-fund', '--no-audit', '--loglevel=error'];
  const result = spawnSync(npm, ['ci', '--include=dev', '--include=optional', ...quiet], {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  });
  if (result.status !== 0) {
    release();
    console.error('npm ci failed; see its message above. Nothing was started.');
    process.exit(1);
  }
  writeFileSync(marker, wanted);
  release();
}

/** One command installs, others wait for it: `npm ci` begins by deleting what another one is writing. Gives back what ends the claim. */
function claimInstallation() {
  const path = join(root, '.installing');
  for (let waits = 0; ; waits += 1) {
    try {
      writeFileSync(path, String(process.pid), { flag: 'wx' });
      return () => rmSync(path, { force: true });
    } catch (error) {
      // Where nothing can be written, npm says so.
      if (error.code !== 'EEXIST') return () => {};
    }
    if (waits === 0) console.error('Waiting for another command that is installing dependencies …');
    if (isAbandoned(path)) rmSync(path, { force: true });
    else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
  }
}

/** Whether the process that claimed it is gone: it was killed. */
function isAbandoned(path) {
  try {
    // A file that is still empty gives 0, which is this process group: it lives.
    process.kill(Number(readFileSync(path, 'utf8')), 0);
    return false;
  } catch (error) {
    return error.code === 'ESRCH';
  }
}

/** The pinned Node of this platform, or the host's where it is new enough to run TypeScript. */
function runtime() {
  const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  // Those that Node would look into from here: an installed package has its dependencies beside it.
  for (const modules of createRequire(import.meta.url).resolve.paths(name)) {
    for (const file of ['node', 'node.exe']) {
      const path = join(modules, name, 'bin', file);
      if (existsSync(path)) return path;
    }
  }
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > 22 || (major === 22 && minor >= 19)) return process.execPath;
  console.error(
    `Tributary needs Node 22.19 or newer. This is ${process.versions.node}, and no pinned runtime is packaged for ${process.platform}-${process.arch}.`,
  );
  process.exit(1);
}

/**
 * How a worker's Node is started. A ceiling on the old generation keeps its memory flat: what lives is about 40 MB, and
 * without one garbage is left lying until it is several times that. Collecting on threads of its own would take the core that
 * the database needs, and keep webhooks waiting. The bars of bench/INTAKE.md and bench/RESULTS.md are met with these.
 */
export const workerFlags = ['--max-semi-space-size=4', '--max-old-space-size=192', '--single-threaded-gc'];

/** The same for a script that loads the sources: a package has few files, and needs no help to find them. */
export const sourceFlags = [...workerFlags, `--import=${new URL('quick-resolve.mjs', import.meta.url)}`];

export const workerEnvironment = {
  /** Node keeps there what it has compiled of our sources and of packages: a worker's start takes a quarter less CPU and 20 MB less. */
  NODE_COMPILE_CACHE: join(root, 'node_modules', '.cache', 'node'),
  /** One heap of glibc's for all threads: with one for each, 30 MB that were freed are not given back. */
  MALLOC_ARENA_MAX: '1',
};

/** Runs a script with its arguments, passes signals on, and ends as the script ends. */
export function launch(script) {
  install();
  const [, kind] = /src[\\/]main\.([jt]s)$/.exec(script[0] ?? '') ?? [];
  const isWorker = kind !== undefined;
  const flags = { js: workerFlags, ts: sourceFlags }[kind] ?? [];
  const child = spawn(runtime(), [...flags, ...script], {
    stdio: 'inherit',
    env: { ...(isWorker && workerEnvironment), ...process.env },
  });
  // A terminal's Ctrl-C reaches the child by itself; what is sent to this process alone is passed on.
  process.on('SIGINT', () => process.stdin.isTTY || child.kill('SIGINT'));
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  process.on('SIGHUP', () => child.kill('SIGHUP'));
  child.on('exit', (code, signal) => {
    if (!signal) process.exit(code ?? 1);
    process.removeAllListeners(signal); // else our own end would be passed on, to nobody
    process.kill(process.pid, signal);
  });
}
