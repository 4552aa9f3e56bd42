// `npm run mutants`: puts one fault after the other into a copy of the product and runs the tests that are to find it. It ends with 1
// where fewer than 95% are found, or where one that is not explained is not.
import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { mutants, mutated } from '../test/mutants/all.ts';
import type { Mutant } from '../test/mutants/mutant.ts';

const root = join(import.meta.dirname, '..');
const leastShare = 0.95;
/** The crash test takes four minutes on two cores by itself. */
const mostMs = 900_000;

const { values: options } = parseArgs({
  options: {
    /** A part of the names or of the files of those to put in. */
    only: { type: 'string', default: '' },
  },
});

const chosen = mutants.filter(({ file, name }) => `${file} ${name}`.includes(options.only));
const copy = mkdtempSync(join(tmpdir(), 'tributary-mutants-'));
process.once('exit', () => rmSync(copy, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
const left = /^(node_modules|\.git|\.tributary|dist|bench\/\.work)(\/|$)/;
cpSync(root, copy, { recursive: true, filter: (from) => !left.test(relative(root, from)) });
symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));

/** Whether all tests of a file pass within this time. The first that fails ends it. */
function passes(test: string, timeout: number): Promise<boolean> {
  const config = test.startsWith('chaos/') ? ['--config', 'vitest.chaos.config.ts'] : [];
  const child = spawn(
    process.execPath,
    ['node_modules/vitest/vitest.mjs', 'run', ...config, join('test', test), '--bail', '1'],
    { cwd: copy, stdio: 'ignore', timeout, killSignal: 'SIGKILL' },
  );
  return new Promise((resolve) => child.once('close', (code) => resolve(code === 0)));
}

/** The file of tests that finds it, or null. */
async function foundBy(mutant: Mutant): Promise<string | null> {
  const path = join(copy, mutant.file);
  const text = readFileSync(path, 'utf8');
  writeFileSync(path, mutated(text, mutant));
  try {
    for (const test of mutant.tests) if (!(await passes(test, patienceMs(test)))) return test;
    return null;
  } finally {
    writeFileSync(path, text);
  }
}

/** By file of tests: how long it took without a fault. */
const tookMs = new Map<string, number>();

/** A fault may make a test wait for ever. */
const patienceMs = (test: string) => 30_000 + Math.ceil(4 * (tookMs.get(test) ?? mostMs));

const files = [...new Set(chosen.flatMap(({ tests }) => tests))].sort();
console.log(`${chosen.length} faults. First the ${files.length} files of tests without any …`);
for (const file of files) {
  const begunAt = performance.now();
  if (!(await passes(file, mostMs))) {
    console.log(`${file} fails without a fault: what it finds proves nothing.`);
    process.exit(1);
  }
  tookMs.set(file, performance.now() - begunAt);
}

let found = 0;
const unexplained: Mutant[] = [];
for (const mutant of chosen) {
  const by = await foundBy(mutant);
  if (by !== null) found += 1;
  else if (mutant.survives === undefined) unexplained.push(mutant);
  const how =
    by === null ? (mutant.survives ? `survives: ${mutant.survives}` : 'SURVIVES') : `found by ${by}`;
  console.log(`${mutant.file}: ${mutant.name}: ${how}`);
}
const share = found / Math.max(chosen.length, 1);
console.log(`\n${found} of ${chosen.length} found (${(share * 100).toFixed(1)}%).`);
if (unexplained.length > 0) console.log(`Unexplained: ${unexplained.map(({ name }) => name).join('; ')}.`);
if (share < leastShare || unexplained.length > 0) process.exitCode = 1;
