// Questions about customers that Voucherify's documentation leaves open, as steps on throwaway customers. Pure. The
// questions are marked (unverified) in the customer reference.
import type { JsonObject } from '#connector';
import type { Probe, ProbeAbout, ProbeResults, ProbeStep } from '#connector/probe';
import { answers, birthdate, bulkOf, isRefused, keptParts, name, phone } from './probe-answers.ts';
import { contradictions, proven } from './probe-meaning.ts';
import { type ProbeMetadata, probeMetadata } from './probe-metadata.ts';
import type { Settings } from './settings.ts';

export const probe: Probe<Settings> = { customers: 4, steps, answers, proven, contradictions };

function steps(sourceIds: readonly string[], { settings, schema }: ProbeAbout<Settings>): ProbeStep[] {
  const [main, one, two, nobody] = sourceIds as [string, string, string, string];
  const metadata = probeMetadata(schema);
  const write = (sourceId: string, fields: JsonObject) => ({
    sourceId,
    payload: { source_id: sourceId, ...fields },
  });
  const demanded = withMetadata(metadata, {});
  const nullKey = metadata.keys ? withMetadata(metadata, { [metadata.keys[0]]: null }) : null;
  const inBulk = write(main, {
    address: { line_2: 'Three' },
    ...(metadata.keys && withMetadata(metadata, { [metadata.keys[0]]: '3' })),
  });
  const after = { phone, address: { city: 'Two' } };
  /** All at once where that is taken; else one by one, so that each has its own answer. */
  const alone = (
    step: string,
    fields: JsonObject | null,
    when: (heard: ProbeResults) => boolean = () => true,
  ): ProbeStep[] => {
    const isNeeded = (heard: ProbeResults) => isRefused(heard['nulls']) && when(heard);
    return fields ? [{ name: step, when: isNeeded, write: write(main, fields) }] : [];
  };
  const first: ProbeStep[] = [
    {
      name: 'create',
      write: write(main, {
        name,
        description: name,
        birthdate,
        address: { city: 'One', line_1: 'One' },
        ...withMetadata(metadata, metadata.keys ? { [metadata.keys[0]]: '1', [metadata.keys[1]]: '1' } : {}),
      }),
    },
    {
      name: 'update',
      write: write(main, { ...after, ...(metadata.keys && { metadata: { [metadata.keys[0]]: '2' } }) }),
    },
    {
      name: 'update without metadata',
      when: (heard) => isRefused(heard['update']) && metadata.keys !== null,
      write: write(main, after),
    },
    { name: 'updated', read: main },
    {
      name: 'nulls',
      write: write(main, {
        name: null,
        description: '',
        birthdate: null,
        address: { city: null, state: '' },
        ...nullKey,
      }),
    },
    ...alone('null attribute', { name: null }),
    ...alone('empty attribute', { description: '' }),
    ...alone('null birthdate', { birthdate: null }),
    ...alone('empty address', { address: { state: '' } }),
    // Where writes replace, the part that was emptied before must be in it, to be seen again.
    ...alone(
      'null address',
      { address: { city: null, state: '' } },
      (heard) => !isRefused(heard['empty address']),
    ),
    ...alone('null address', { address: { city: null } }, (heard) => isRefused(heard['empty address'])),
    ...alone('null metadata', nullKey),
    { name: 'cleared', read: main },
  ];
  const refusedUnknown: ProbeStep = {
    name: 'unknown',
    request: {
      method: 'PUT',
      path: `/v1/customers/${encodeURIComponent(nobody)}`,
      json: { name },
      answers: [404],
    },
  };
  if (settings.bulk === false) return [...first, refusedUnknown];
  const named = (text: string) => write(one, { name: text, ...demanded });
  return [
    ...first,
    refusedUnknown,
    { name: 'bulk', bulk: [inBulk, named('first'), named('second')] },
    {
      name: 'bulk of singles',
      when: (heard) => isRefused(heard['bulk']),
      bulk: [inBulk, named('first'), write(two, { name, ...demanded })],
    },
    {
      name: 'in bulk',
      when: (heard) => bulkOf(heard)?.is === 'ended' && keptParts(heard, 'cleared', metadata) !== 'lost',
      read: main,
    },
    { name: 'twice', when: (heard) => heard['bulk']?.is === 'ended', read: one },
    {
      name: 'bad in bulk',
      when: (heard) => bulkOf(heard)?.is === 'ended',
      // Wrong in every way that is documented, so that it is surely bad.
      bulk: [named('third'), write(two, { birthdate: 'no date', metadata: 'no object' })],
    },
  ];
}

/** `metadata` with what the schema demands; nothing where that is nothing. */
function withMetadata({ required }: ProbeMetadata, fields: JsonObject): { metadata?: JsonObject } {
  const metadata = { ...required, ...fields };
  return Object.keys(metadata).length > 0 ? { metadata } : {};
}
