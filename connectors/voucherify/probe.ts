// What Voucherify's documents leave open of customers, as steps on throwaway ones, and what the answers mean for the
// settings. Pure: it carries out nothing. The open questions are those marked (unverified) in the customer reference.
import type { Fields, Json, JsonObject } from '#connector';
import type {
  Heard,
  Probe,
  ProbeAbout,
  ProbeAnswer,
  ProbeAnswers,
  ProbeResult,
  ProbeStep,
} from '#connector/probe';
import { isObject } from './payload.ts';
import { type ProbeMetadata, probeMetadata } from './probe-metadata.ts';
import type { Settings } from './settings.ts';

const name = 'Tributary probe';
const birthdate = '1990-01-31';
/** Without a country's prefix; nobody's: a number that Ofcom keeps for fiction. */
const phone = '07700900000';

export const probe: Probe<Settings> = { customers: 4, steps, answers, proven, contradictions };

// ── The steps ───────────────────────────────────────────────────────────────────────────────────────────────────

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
    when: (heard: Heard) => boolean = () => true,
  ): ProbeStep[] => {
    const isNeeded = (heard: Heard) => isRefused(heard['nulls']) && when(heard);
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

// ── What was heard ──────────────────────────────────────────────────────────────────────────────────────────────

const isRefused = (result: ProbeResult | undefined) => result?.is === 'refused';

/** The bulk action that went through, with or without the customer that was in it twice. */
function bulkOf(heard: Heard): ProbeResult | undefined {
  return heard['bulk of singles'] ?? heard['bulk'];
}

function fieldsAt(heard: Heard, step: string): Fields | null {
  const result = heard[step];
  return result?.is === 'read' ? (result.customer?.fields ?? null) : null;
}

/** Whether what no write after the first one named is there still. */
function keptParts(heard: Heard, step: string, { keys }: ProbeMetadata): 'kept' | 'lost' | null {
  const fields = fieldsAt(heard, step);
  if (!fields) return null;
  const witnesses = ['address.line_1', ...(keys ? [`metadata.${keys[1]}`] : [])];
  return witnesses.every((field) => fields[field] === (field === 'address.line_1' ? 'One' : '1'))
    ? 'kept'
    : 'lost';
}

function answers(heard: Heard, { schema }: ProbeAbout<Settings>): ProbeAnswers {
  const metadata = probeMetadata(schema);
  const all: { [question: string]: ProbeAnswer | null } = {
    ...afterUpdate(heard, metadata),
    ...afterNulls(heard, metadata),
    ...ofBulk(heard, metadata),
    unknownId: unknownId(heard['unknown']),
  };
  return Object.fromEntries(Object.entries(all).filter(([, answer]) => answer !== null)) as ProbeAnswers;
}

type Found = { [question: string]: ProbeAnswer | null };

function afterUpdate(heard: Heard, { keys }: ProbeMetadata): Found {
  const fields = fieldsAt(heard, 'updated');
  const wasWritten =
    heard['update']?.is === 'accepted' || heard['update without metadata']?.is === 'accepted';
  const refused = refusal(heard['update']);
  const isPartRefused = refused !== null && heard['update without metadata']?.is === 'accepted';
  if (!fields || !wasWritten) return {};
  return {
    metadataWrites: isPartRefused
      ? { answer: 'refused', evidence: `A write of one metadata key alone was refused (${refused}).` }
      : keys && mergeOrReplace(fields[`metadata.${keys[1]}`] === '1', 'a metadata key', 'a write'),
    addressWrites: mergeOrReplace(fields['address.line_1'] === 'One', 'a part of the address', 'a write'),
    omittedAttributes:
      fields['name'] === name
        ? { answer: 'kept', evidence: 'The name was still there after a write that left it out.' }
        : { answer: 'lost', evidence: 'The name was gone after a write that left it out.' },
    phonePrefix:
      fields['phone'] === phone
        ? { answer: 'as sent', evidence: 'A number without a country came back as it was sent.' }
        : { answer: 'changed', evidence: `${phone} came back as ${shown(fields['phone'])}.` },
    birthdateForm:
      fields['birthdate'] === birthdate
        ? { answer: 'date', evidence: `${birthdate} came back as it was sent.` }
        : { answer: 'changed', evidence: `${birthdate} came back as ${shown(fields['birthdate'])}.` },
  };
}

function mergeOrReplace(isKept: boolean, what: string, how: string): ProbeAnswer {
  return isKept
    ? { answer: 'merge', evidence: `After ${how} that left ${what} out, it was still there.` }
    : { answer: 'replace', evidence: `After ${how} that left ${what} out, it was gone.` };
}

function afterNulls(heard: Heard, { keys }: ProbeMetadata): Found {
  const fields = fieldsAt(heard, 'cleared');
  const cleared = (step: string, field: string, before: Json): ProbeAnswer | null => {
    const result = heard[step] ?? heard['nulls'];
    const refused = refusal(result);
    const isEmpty = step.startsWith('empty');
    const sent = isEmpty ? 'An empty text' : 'null';
    if (refused !== null) return { answer: 'refused', evidence: `${sent} was refused (${refused}).` };
    if (!fields || result?.is !== 'accepted') return null;
    const value = fields[field];
    if (value === undefined || (value === null && isEmpty))
      return { answer: 'clears', evidence: `${sent} was taken, and the value was gone.` };
    if (value === null || value === '')
      return {
        answer: value === null ? 'stays null' : 'stays empty',
        evidence: `${sent} came back as it was sent.`,
      };
    if (value === before) return { answer: 'ignored', evidence: `${sent} was taken, and the value stayed.` };
    return { answer: 'changed', evidence: `${sent} was taken, and ${shown(value)} came back.` };
  };
  const birthdateBefore = fieldsAt(heard, 'updated')?.['birthdate'] ?? birthdate;
  return {
    nullAttribute: cleared('null attribute', 'name', name),
    emptyAttribute: cleared('empty attribute', 'description', name),
    nullBirthdate: cleared('null birthdate', 'birthdate', birthdateBefore),
    nullAddress: cleared('null address', 'address.city', 'Two'),
    emptyAddress: cleared('empty address', 'address.state', ''),
    nullMetadata: keys && cleared('null metadata', `metadata.${keys[0]}`, '2'),
  };
}

function ofBulk(heard: Heard, metadata: ProbeMetadata): Found {
  const result = bulkOf(heard);
  const refused = refusal(result);
  if (refused !== null) {
    return {
      bulk: { answer: 'refused', evidence: `A bulk call with three customers was refused (${refused}).` },
    };
  }
  if (result?.is !== 'ended') return {};
  const kept = heard['in bulk'] ? keptParts(heard, 'in bulk', metadata) : null;
  return {
    bulk: { answer: 'accepted', evidence: 'A bulk call with three customers was taken and came to its end.' },
    bulkWrites:
      kept &&
      reached(fieldsAt(heard, 'in bulk')) &&
      mergeOrReplace(kept === 'kept', 'a part of the address or a metadata key', 'a bulk write'),
    bulkDuplicates: duplicates(heard),
    badBulkRecord: badRecord(heard['bad in bulk']),
  };
}

/** Whether the bulk action wrote anything to the customer: else it proves nothing. */
function reached(fields: Fields | null): true | null {
  return fields?.['address.line_2'] === 'Three' ? true : null;
}

function duplicates(heard: Heard): ProbeAnswer | null {
  const refused = refusal(heard['bulk']);
  if (refused !== null)
    return {
      answer: 'refused',
      evidence: `A bulk call with one customer twice was refused (${refused}); without the repeat it was taken.`,
    };
  const held = fieldsAt(heard, 'twice')?.['name'];
  if (held === 'second')
    return { answer: 'last wins', evidence: 'Of one customer twice the later write stood.' };
  if (held === 'first')
    return { answer: 'first wins', evidence: 'Of one customer twice the earlier write stood.' };
  if (heard['twice']?.is !== 'read') return null;
  return { answer: 'neither', evidence: 'Of one customer twice neither write stood.' };
}

function badRecord(result: ProbeResult | undefined): ProbeAnswer | null {
  const refused = refusal(result);
  if (refused !== null)
    return { answer: 'fails all', evidence: `One bad customer made the whole call be refused (${refused}).` };
  if (result?.is !== 'ended') return null;
  const [good, bad] = result.outcomes;
  if (good?.result === 'accepted' && bad?.result === 'rejected')
    return {
      answer: 'fails alone',
      evidence: `One bad customer was named as such (${bad.code}), the other taken.`,
    };
  if (good?.result === 'accepted' && bad?.result === 'accepted')
    return { answer: 'accepted', evidence: 'A customer without any sense was taken.' };
  return { answer: 'unclear', evidence: 'The end of the action does not say what became of each customer.' };
}

function unknownId(result: ProbeResult | undefined): ProbeAnswer | null {
  const refused = refusal(result);
  if (refused !== null)
    return { answer: 'refused', evidence: `PUT of an unknown ID was refused (${refused}).` };
  if (result?.is !== 'answered') return null;
  const { status, json } = result.response;
  if (status === 404) return { answer: 'refused', evidence: 'PUT of an unknown ID was answered with 404.' };
  return isObject(json) && typeof json['id'] === 'string'
    ? { answer: 'created', evidence: 'PUT of an unknown ID made a customer.' }
    : { answer: 'unclear', evidence: `PUT of an unknown ID was answered with ${status}.` };
}

/** The code of a refusal, or null where it is none. */
function refusal(result: ProbeResult | undefined): string | null {
  return result?.is === 'refused' ? result.code : null;
}

const shown = (value: Json | undefined) => (value === undefined ? 'nothing' : JSON.stringify(value));

// ── What it means ───────────────────────────────────────────────────────────────────────────────────────────────

const is = (found: ProbeAnswers, question: string, ...oneOf: string[]) =>
  oneOf.includes(found[question]?.answer ?? '');

/** Singles and bulk alike keep what a write leaves out, so that nothing need be read before it. */
function merges(found: ProbeAnswers, usesBulk: boolean): boolean {
  const questions = ['metadataWrites', 'addressWrites', ...(usesBulk ? ['bulkWrites'] : [])];
  return questions.every((question) => is(found, question, 'merge'));
}

/** Null does not clear an attribute, and an empty text does, in the address too. */
function clearsByText(found: ProbeAnswers): boolean {
  return (
    is(found, 'nullAttribute', 'refused', 'ignored') &&
    is(found, 'emptyAttribute', 'clears', 'stays empty') &&
    is(found, 'emptyAddress', 'clears', 'stays empty')
  );
}

function proven(settings: Settings, found: ProbeAnswers): Settings {
  const bulk = settings.bulk ?? !is(found, 'bulk', 'refused');
  return {
    ...settings,
    bulk,
    metadataWrites: settings.metadataWrites ?? (merges(found, bulk !== false) ? 'merge' : 'replace'),
    clearWith: settings.clearWith === undefined && clearsByText(found) ? '' : (settings.clearWith ?? null),
  };
}

function contradictions({ metadataWrites, clearWith, bulk }: Settings, found: ProbeAnswers): string[] {
  const replaces = ['metadataWrites', 'addressWrites', ...(bulk === false ? [] : ['bulkWrites'])].find(
    (question) => is(found, question, 'replace', 'refused'),
  );
  const contradicted: (string | false)[] = [
    metadataWrites === 'merge' &&
      replaces !== undefined &&
      `metadataWrites is "merge", but a probe found otherwise (${replaces}: ${found[replaces]?.answer}): what others keep there may be lost. Take the setting out.`,
    metadataWrites === 'replace' &&
      merges(found, bulk !== false) &&
      'metadataWrites is "replace", but a probe found that writes merge: every write costs a read that is not needed. Take the setting out.',
    clearWith === null &&
      is(found, 'nullAttribute', 'refused', 'ignored') &&
      `clearWith is null, but a probe found that null is ${found['nullAttribute']?.answer}: values are not cleared. Take the setting out.`,
    clearWith === '' &&
      is(found, 'emptyAttribute', 'refused', 'ignored') &&
      `clearWith is an empty text, but a probe found that it is ${found['emptyAttribute']?.answer}: values are not cleared. Take the setting out.`,
    bulk !== undefined &&
      bulk !== false &&
      is(found, 'bulk', 'refused') &&
      'bulk is on, but a probe found that bulk calls are refused: customers would not arrive. Set it to false, or take it out.',
  ];
  return contradicted.filter((sentence) => sentence !== false);
}
