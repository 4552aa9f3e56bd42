// Answers each question of a probe from the answers to its steps. Pure.
import type { Fields, Json } from '#connector';
import type { ProbeAbout, ProbeAnswer, ProbeAnswers, ProbeResult, ProbeResults } from '#connector/probe';
import { isObject } from './payload.ts';
import { type ProbeMetadata, probeMetadata } from './probe-metadata.ts';
import type { Settings } from './settings.ts';

// What the throwaway customer is written with first.
export const name = 'Tributary probe';
export const birthdate = '1990-01-31';
/** Without a country's prefix; nobody's: a number that Ofcom keeps for fiction. */
export const phone = '07700900000';

export const isRefused = (result: ProbeResult | undefined) => result?.is === 'refused';

/** The bulk action that went through, with or without the customer that was in it twice. */
export function bulkOf(heard: ProbeResults): ProbeResult | undefined {
  return heard['bulk of singles'] ?? heard['bulk'];
}

function fieldsAt(heard: ProbeResults, step: string): Fields | null {
  const result = heard[step];
  return result?.is === 'read' ? (result.customer?.fields ?? null) : null;
}

/** Whether what no write after the first one named is there still. */
export function keptParts(
  heard: ProbeResults,
  step: string,
  { keys }: ProbeMetadata,
): 'kept' | 'lost' | null {
  const fields = fieldsAt(heard, step);
  if (!fields) return null;
  const witnesses = ['address.line_1', ...(keys ? [`metadata.${keys[1]}`] : [])];
  return witnesses.every((field) => fields[field] === (field === 'address.line_1' ? 'One' : '1'))
    ? 'kept'
    : 'lost';
}

export function answers(heard: ProbeResults, { schema }: ProbeAbout<Settings>): ProbeAnswers {
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

function afterUpdate(heard: ProbeResults, { keys }: ProbeMetadata): Found {
  const fields = fieldsAt(heard, 'updated');
  const wasWritten =
    heard['update']?.is === 'accepted' || heard['update without metadata']?.is === 'accepted';
  const refused = rejectionCode(heard['update']);
  const isPartRefused = refused !== null && heard['update without metadata']?.is === 'accepted';
  // Without what was written last it is an older state, and proves nothing of what the write left out.
  if (!wasWritten || fields?.['address.city'] !== 'Two') return {};
  return {
    metadataWrites: isPartRefused
      ? { answer: 'refused', evidence: `A write of one metadata key alone was rejected (${refused}).` }
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

function afterNulls(heard: ProbeResults, { keys }: ProbeMetadata): Found {
  const fields = fieldsAt(heard, 'cleared');
  const cleared = (step: string, field: string, before: Json): ProbeAnswer | null => {
    const result = heard[step] ?? heard['nulls'];
    const refused = rejectionCode(result);
    const isEmpty = step.startsWith('empty');
    const sent = isEmpty ? 'An empty text' : 'null';
    if (refused !== null) return { answer: 'refused', evidence: `${sent} was rejected (${refused}).` };
    if (!fields || result?.is !== 'accepted') return null;
    const value = fields[field];
    if (value === undefined || (value === null && isEmpty))
      return { answer: 'clears', evidence: `${sent} was accepted, and the value was gone.` };
    if (value === null || value === '')
      return {
        answer: value === null ? 'stays null' : 'stays empty',
        evidence: `${sent} came back as it was sent.`,
      };
    if (value === before)
      return { answer: 'ignored', evidence: `${sent} was accepted, and the value stayed.` };
    return { answer: 'changed', evidence: `${sent} was accepted, and ${shown(value)} came back.` };
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

function ofBulk(heard: ProbeResults, metadata: ProbeMetadata): Found {
  const result = bulkOf(heard);
  const refused = rejectionCode(result);
  if (refused !== null) {
    return {
      bulk: { answer: 'refused', evidence: `A batch of three customers was rejected (${refused}).` },
    };
  }
  if (result?.is !== 'ended') return {};
  const kept = heard['in bulk'] ? keptParts(heard, 'in bulk', metadata) : null;
  return {
    bulk: { answer: 'accepted', evidence: 'A batch of three customers was accepted and finished.' },
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

function duplicates(heard: ProbeResults): ProbeAnswer | null {
  const refused = rejectionCode(heard['bulk']);
  if (refused !== null)
    return {
      answer: 'refused',
      evidence: `A batch with one customer twice was rejected (${refused}); without the repeat it was accepted.`,
    };
  const held = fieldsAt(heard, 'twice')?.['name'];
  if (held === 'second')
    return { answer: 'last wins', evidence: 'Of two writes of one customer, the later took effect.' };
  if (held === 'first')
    return { answer: 'first wins', evidence: 'Of two writes of one customer, the earlier took effect.' };
  if (heard['twice']?.is !== 'read') return null;
  return { answer: 'neither', evidence: 'Of two writes of one customer, neither took effect.' };
}

function badRecord(result: ProbeResult | undefined): ProbeAnswer | null {
  const refused = rejectionCode(result);
  if (refused !== null)
    return {
      answer: 'fails all',
      evidence: `One invalid customer caused the whole batch to be rejected (${refused}).`,
    };
  if (result?.is !== 'ended') return null;
  const [good, bad] = result.outcomes;
  if (good?.result === 'accepted' && bad?.result === 'rejected')
    return {
      answer: 'fails alone',
      evidence: `One invalid customer was reported (${bad.code}), and the other was accepted.`,
    };
  if (good?.result === 'accepted' && bad?.result === 'accepted')
    return { answer: 'accepted', evidence: 'An invalid customer was accepted.' };
  return {
    answer: 'unclear',
    evidence: 'The result of the batch does not say what became of each customer.',
  };
}

function unknownId(result: ProbeResult | undefined): ProbeAnswer | null {
  const refused = rejectionCode(result);
  if (refused !== null)
    return { answer: 'refused', evidence: `PUT of an unknown ID was rejected (${refused}).` };
  if (result?.is !== 'answered') return null;
  const { status, json } = result.response;
  if (status === 404) return { answer: 'refused', evidence: 'PUT of an unknown ID was answered with 404.' };
  return isObject(json) && typeof json['id'] === 'string'
    ? { answer: 'created', evidence: 'PUT of an unknown ID created a customer.' }
    : { answer: 'unclear', evidence: `PUT of an unknown ID was answered with ${status}.` };
}

/** The code of a refusal, or null where it is none. */
function rejectionCode(result: ProbeResult | undefined): string | null {
  return result?.is === 'refused' ? result.code : null;
}

const shown = (value: Json | undefined) => (value === undefined ? 'nothing' : JSON.stringify(value));
