// Times, values and names within the sentences that explain a customer. Pure.
import type { Json } from '../connector.ts';
import { brief } from './json.ts';

/** `2026-11-20 10:02 UTC` */
export function moment(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

/** A value within a sentence: texts bare, unless they would pass for something else. */
export function said(value: Json): string {
  if (value === null) return 'empty';
  const kept = brief(value);
  if (typeof kept !== 'string') return JSON.stringify(kept);
  return isPlain(kept) ? kept : JSON.stringify(kept);
}

function isPlain(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these would break the line
  if (text === '' || text !== text.trim() || /["\u0000-\u001f\u007f]|[.,;:]$/.test(text)) return false;
  return !/^(empty|null|true|false|[+-]?[\d.]+(e[+-]?\d+)?|[[{].*)$/i.test(text);
}

/** With its full stop. */
export function stopped(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

export function title(name: string): string {
  return `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
}
