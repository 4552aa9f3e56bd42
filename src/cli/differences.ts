// What a preview or a dry run found, as lines for a person. It knows no command.

import type { Differences, Group } from '../contract/preview.ts';
import { segmentSentences } from '../contract/segment-words.ts';
import { counted, number } from '../words.ts';
import { print, type Terminal } from './terminal.ts';

const shown = (value: unknown) => (value === undefined ? 'nothing' : JSON.stringify(value));

/** A report of an earlier version says nothing of segments. */
type Found = Omit<Differences, 'segments'> & { segments?: Differences['segments'] | undefined };

export function printDifferences(terminal: Terminal, found: Found): void {
  const { customers, fields, kinds, writes, notes, segments } = found;
  print(terminal, `${found.summary.replace(/\.$/, '')}.`);
  printGroup(terminal, 'new customers', customers.created);
  printGroup(terminal, 'orphaned', customers.orphaned);
  printGroup(terminal, 'spoken of again', customers.returned);
  for (const { field, ...groups } of fields)
    for (const kind of ['set', 'changed', 'cleared', 'dropped'] as const)
      printGroup(terminal, `${field} ${kind}`, groups[kind]);
  if (kinds.length > 1) {
    print(terminal, '\nBy everything that would change for a customer:');
    for (const { sentence, sourceIds } of kinds) print(terminal, `  ${sentence} (${sourceIds.join(', ')})`);
  }
  if (writes.customers + writes.removed > 0) print(terminal, `\n${costSentence(writes)}`);
  if (segments) for (const sentence of segmentSentences(segments)) print(terminal, sentence);
  for (const { sourceId, payload } of writes.payloads)
    print(terminal, `${sourceId}: ${payload === null ? 'nothing would be sent' : JSON.stringify(payload)}`);
  for (const note of notes) print(terminal, `note: ${note}`);
}

export function printGroup(terminal: Terminal, name: string, { count, samples }: Group): void {
  if (count === 0) return;
  print(terminal, `\n${name}: ${number(count)}`);
  for (const sample of samples) {
    const sides = 'from' in sample || 'to' in sample ? `: ${shown(sample.from)} → ${shown(sample.to)}` : '';
    print(terminal, `  ${sample.sourceId}${sides}`);
  }
}

function costSentence({ customers, removed, payloadBytes, calls }: Differences['writes']): string {
  const kinds = [
    [calls.single, 'single'],
    [calls.bulk, 'bulk'],
    [calls.reads, 'to read back first'],
  ] as const;
  const parts = kinds.filter(([count]) => count > 0).map(([count, kind]) => `${number(count)} ${kind}`);
  const taken = removed > 0 ? ` and remove ${number(removed)}` : '';
  return `To send: ${counted(customers, 'customer')}${taken}, ${counted(payloadBytes, 'byte')}, ${counted(calls.total, 'call')} (${parts.join(', ')}).`;
}
