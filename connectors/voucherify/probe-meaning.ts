// What a probe's answers mean for the settings. Pure; settings that a person made are never changed.
import type { ProbeAnswers } from '#connector/probe';
import { replacedGroups } from './learned.ts';
import type { Settings } from './settings.ts';

const is = (found: ProbeAnswers, question: string, ...oneOf: string[]) =>
  oneOf.includes(found[question]?.answer ?? '');

/** Singles and bulk alike keep what a write leaves out, so that nothing need be known before it. */
function merges(found: ProbeAnswers, usesBulk: boolean): boolean {
  return replacedGroups(found, usesBulk).bulk.length === 0;
}

/** Null does not clear an attribute, and an empty text does, in the address too. */
function clearsByText(found: ProbeAnswers): boolean {
  return (
    is(found, 'nullAttribute', 'refused', 'ignored') &&
    is(found, 'emptyAttribute', 'clears', 'stays empty') &&
    is(found, 'emptyAddress', 'clears', 'stays empty')
  );
}

export function proven(settings: Settings, found: ProbeAnswers): Settings {
  const bulk = settings.bulk ?? !is(found, 'bulk', 'refused');
  const replaced = replacedGroups(found, bulk !== false);
  const isMixed = replaced.single.length < 2 && replaced.bulk.length > 0;
  return {
    ...settings,
    bulk,
    ...(settings.metadataWrites === undefined && isMixed && { replacedGroups: replaced }),
    metadataWrites: settings.metadataWrites ?? (merges(found, bulk !== false) ? 'merge' : 'replace'),
    clearWith: settings.clearWith === undefined && clearsByText(found) ? '' : (settings.clearWith ?? null),
  };
}

export function contradictions({ metadataWrites, clearWith, bulk }: Settings, found: ProbeAnswers): string[] {
  const ofBulk = bulk === false ? [] : ['bulkWrites', 'bulkMetadataWrites', 'bulkAddressWrites'];
  const replaces = ['metadataWrites', 'addressWrites', ...ofBulk].find((question) =>
    is(found, question, 'replace', 'refused'),
  );
  const contradicted: (string | false)[] = [
    metadataWrites === 'merge' &&
      replaces !== undefined &&
      `metadataWrites is "merge", but a probe found otherwise (${replaces}: ${found[replaces]?.answer}): values that others store there may be lost. Remove the setting.`,
    metadataWrites === 'replace' &&
      merges(found, bulk !== false) &&
      'metadataWrites is "replace", but a probe found that writes merge: every write costs an unnecessary read. Remove the setting.',
    clearWith === null &&
      is(found, 'nullAttribute', 'refused', 'ignored') &&
      `clearWith is null, but a probe found that null is ${found['nullAttribute']?.answer}: values are not cleared. Remove the setting.`,
    clearWith === '' &&
      is(found, 'emptyAttribute', 'refused', 'ignored') &&
      `clearWith is an empty text, but a probe found that it is ${found['emptyAttribute']?.answer}: values are not cleared. Remove the setting.`,
    bulk !== undefined &&
      bulk !== false &&
      is(found, 'bulk', 'refused') &&
      'bulk is on, but a probe found that batches are refused: customers would not arrive. Set bulk to false, or remove the setting.',
  ];
  return contradicted.filter((sentence) => sentence !== false);
}
