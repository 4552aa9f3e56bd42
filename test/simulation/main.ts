// `npm run simulate -- --seed N --hours H --seeds COUNT`: carries out histories, one after the other, and prints a table. `--stop`:
// at the first that fails; `--shrink`: makes it small and keeps it in histories/; `--trace`: prints what happened. `--file FILE`:
// carries out a history that was kept.
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { closeDatabase } from './database.ts';
import { type History, historyOf } from './history.ts';
import { shrunk } from './shrink.ts';
import { simulate } from './simulation.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    seeds: { type: 'string', default: '1' },
    hours: { type: 'string', default: '24' },
    file: { type: 'string' },
    trace: { type: 'boolean', default: false },
    stop: { type: 'boolean', default: false },
    shrink: { type: 'boolean', default: false },
  },
});
const [first, hours] = [Number(values.seed), Number(values.hours)];
const histories =
  values.file === undefined
    ? Array.from({ length: Number(values.seeds) }, (_, index) => () => historyOf(first + index, hours))
    : [() => JSON.parse(readFileSync(values.file!, 'utf8')) as History];
let [count, failed, simulatedHours] = [0, 0, 0];
const columns = (...cells: unknown[]) => {
  const widths = [8, 8, 9, 11, 9, 8, 16];
  console.log(cells.map((cell, index) => String(cell).padStart(widths[index] ?? 0)).join('  '));
};
columns('seed', 'workers', 'events', 'statements', 'requests', 'ms CPU', 'trace', ' result');
/** Makes a failing history small, and writes it where `npm test` carries it out again. */
async function keep(failing: History): Promise<void> {
  const { events, ...rest } = await shrunk(
    failing,
    async (tried) => (await simulate(tried)).faults.length > 0,
  );
  const file = new URL(`histories/${failing.seed}-${failing.hours}.json`, import.meta.url);
  const lines = events.map((event) => `    ${JSON.stringify(event)}`).join(',\n');
  writeFileSync(file, `${JSON.stringify(rest, null, 2).slice(0, -2)},\n  "events": [\n${lines}\n  ]\n}\n`);
  console.log(`    shrunk to ${events.length} events: ${file.pathname}`);
}

const begun = process.cpuUsage();
for (const write of histories) {
  const before = process.cpuUsage();
  const history = write();
  count += 1;
  simulatedHours += history.hours;
  const { faults, hash, statements, requests, lines } = await simulate(history);
  const { user, system } = process.cpuUsage(before);
  const { traits, events } = history;
  const ms = Math.round((user + system) / 1000);
  columns(
    history.seed,
    traits.workers,
    events.length,
    statements,
    requests,
    ms,
    hash,
    faults.length ? ' FAILED' : ' ok',
  );
  if (values.trace) console.log(lines.join('\n'));
  for (const fault of faults) console.log(`    ${fault}`);
  if (faults.length === 0) continue;
  failed += 1;
  if (values.shrink) await keep(history);
  if (values.stop) break;
}
const { user, system } = process.cpuUsage(begun);
const minutes = (user + system) / 60_000_000;
const days = simulatedHours / 24;
console.log(
  `${count - failed} of ${count} ok; ${days.toFixed(1)} simulated days, ${(days / minutes).toFixed(1)} a minute of CPU`,
);
await closeDatabase();
process.exitCode = failed > 0 ? 1 : 0;
