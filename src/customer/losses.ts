// What a customer loses by a change that the breaker may hold, as a key and in words: itself, a field, or its place in a segment.
import type { Json } from '../connector.ts';

const movements = {
  enters: 'enters segment',
  leaves: 'leaves segment',
  unknown: 'may move in segment',
} as const;

/** `enters segment seg_1`. Null: of any segment, since none is known. */
export function segmentChange(movement: keyof typeof movements, id: string | null): string {
  return `${movements[movement]} ${id ?? '*'}`;
}

/** What the change of a hold says of a segment; null where it is no segment's. No field has such a name. */
export function segmentOf(change: string): { movement: keyof typeof movements; id: string | null } | null {
  for (const [movement, words] of Object.entries(movements)) {
    if (!change.startsWith(`${words} `)) continue;
    const id = change.slice(words.length + 1);
    return { movement: movement as keyof typeof movements, id: id === '*' ? null : id };
  }
  return null;
}

/** After "would": `be deleted`, `lose phone`, `enter segment “VIP”`. `from`: as the hold has it. */
export function lossWords(change: string, from: Json): string {
  const segment = segmentOf(change);
  if (segment === null) return change === 'deleted' ? 'be deleted' : `lose ${change}`;
  if (segment.id === null) return 'be sent while the segments are not known';
  const { segment: name = segment.id } = (from ?? {}) as { segment?: string };
  const words = { enters: 'enter', leaves: 'leave', unknown: 'perhaps enter or leave' };
  return `${words[segment.movement]} segment “${name}”`;
}
