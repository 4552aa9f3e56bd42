// `npm run matrix`: the crash matrix on both databases at once, each in a process of its own, as a table. `--on PGlite` or `--on
// PostgreSQL`: on one. `--scenario NAME`: only those whose name holds this; `--every N`: each Nth point; `--point K`: this one
// alone; `--trace`: prints what happened before a failure.
import { spawn } from 'node:child_process';
import { parseArgs } from 'node:util';
import startPostgres from '../../support/postgres.ts';
import { matrixOf } from './matrix.ts';
import { scenarios } from './scenarios.ts';

const { values } = parseArgs({
  options: {
    on: { type: 'string' },
    scenario: { type: 'string', default: '' },
    every: { type: 'string', default: '1' },
    point: { type: 'string' },
    seed: { type: 'string', default: '1' },
    trace: { type: 'boolean', default: false },
  },
});
process.exitCode = values.on === undefined ? await onBoth() : await onOne(values.on);

async function onBoth(): Promise<number> {
  const codes = ['PGlite', 'PostgreSQL'].map(
    (name) =>
      new Promise<number>((resolve) => {
        const args = [...process.execArgv, ...process.argv.slice(1), '--on', name];
        spawn(process.execPath, args, { stdio: 'inherit' }).once('exit', (code) => resolve(code ?? 1));
      }),
  );
  return Math.max(...(await Promise.all(codes)));
}

async function onOne(name: string): Promise<number> {
  const stopPostgres = await startPostgres();
  // It looks for a server once, when it is loaded.
  const { embedded, onServer } = await import('./databases.ts');
  const on = [embedded, onServer].find((one) => one?.name === name);
  if (!on) {
    await stopPostgres();
    console.log(`There is no ${name} to be found here: its part of the crash matrix is left out.`);
    return 0;
  }
  const every = Number(values.every);
  const range = (last: number) => Array.from({ length: last }, (_, index) => index + 1);
  const chosen = (last: number) => range(last).filter((one) => one % every === 0);
  const points = values.point !== undefined ? [Number(values.point)] : every > 1 ? chosen : undefined;
  let [deaths, failed] = [0, 0];
  columns(name, 'last point', 'deaths', 'failures', 'ms CPU');
  for (const scenario of scenarios) {
    if (!scenario.name.includes(values.scenario)) continue;
    const row = await matrixOf(scenario, on, { seed: Number(values.seed), ...(points && { points }) });
    columns(scenario.name, row.points, row.deaths, row.failures.length, row.milliseconds);
    for (const { point: where, at, faults, lines } of row.failures) {
      console.log(`    ${where}, ${at}:`);
      for (const fault of faults) console.log(`        ${fault}`);
      if (values.trace) console.log(lines.join('\n'));
    }
    deaths += row.deaths;
    failed += row.failures.length;
  }
  columns(`${name}: all`, '', deaths, failed, Math.round(process.cpuUsage().user / 1000));
  await on.close();
  await stopPostgres();
  return failed > 0 ? 1 : 0;
}

function columns(name: string, ...cells: unknown[]): void {
  console.log([name.padEnd(42), ...cells.map((cell) => String(cell).padStart(10))].join('  '));
}
