// The few figures that show whether something moves, as a sentence.

import type { Note, Run } from '../contract/run.ts';
import type { Status } from '../contract/status.ts';
import { counted, number, percent } from '../words.ts';

/** The same as fields of a line of the log. */
export function figuresOf({ sources, customers, destination, deadLetters }: Status) {
  const paused = [...sources, { ...destination, name: 'destination' }]
    .filter((one) => one.paused)
    .map((one) => one.name);
  return {
    received: sources.reduce((sum, source) => sum + source.records, 0),
    customers: customers.total,
    delivered: customers.delivered,
    waiting: customers.waiting,
    calls: [destination, ...sources].reduce((sum, { calls }) => sum + (calls?.total ?? 0), 0),
    ...(deadLetters.open > 0 && { deadLetters: deadLetters.open }),
    ...(paused.length > 0 && { paused }),
  };
}

/** `received 1,200 (hubspot 40 %) · customers 800 = 700 delivered + 100 waiting + 0 held + 0 dead · calls 45` */
export function figuresSentence(status: Status): string {
  const { received, calls, deadLetters, paused } = figuresOf(status);
  const { total, delivered, waiting, held, dead } = status.customers;
  const going = status.sources.flatMap((source) =>
    source.going.filter((run) => run.working).map((run) => `${source.name} ${progressOf(run)}`),
  );
  return [
    `received ${number(received)}${going.length > 0 ? ` (${going.join(', ')})` : ''}`,
    `customers ${number(total)} = ${number(delivered)} delivered + ${number(waiting)} waiting + ${number(held)} held + ${number(dead)} dead`,
    `calls ${number(calls)}`,
    ...(deadLetters ? [`dead letters ${number(deadLetters)}`] : []),
    ...(paused ? [`paused ${paused.join(', ')}`] : []),
  ].join(' · ');
}

function progressOf({ received, expected, step }: Run): string {
  if (expected) return percent(Math.min(received / expected, 1));
  return received > 0 ? `${number(received)} so far` : (step ?? 'begins');
}

/** `250 received = 250 changed + 0 unchanged + … ; 250 customers changed` */
export function runSentence(run: Run): string {
  const counts = (['changed', 'unchanged', 'superseded', 'filtered', 'rejected'] as const).map(
    (name) => `${number(run[name])} ${name}`,
  );
  return `${number(run.received)} received = ${counts.join(' + ')}; ${counted(run.customers, 'customer')} changed`;
}

/** `Note: Cells are missing at the end of rows; they were read as empty. (12 times)` */
export function noteSentence({ message, count }: Note): string {
  return `Note: ${message}${count > 1 ? ` (${number(count)} times)` : ''}`;
}
