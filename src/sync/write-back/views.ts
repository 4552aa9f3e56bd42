// Write-backs as they are shown: with the exact body that would be sent for each. It sends nothing.
import type { Json } from '../../connector.ts';
import type { WriteBackView } from '../../contract/write-back.ts';
import type { WriteBackRow } from '../../tables/write-backs.ts';
import type { WriteBackRule } from '../facts/write-back-rules.ts';
import { attributesToWrite } from './difference.ts';
import { urgentLanes } from './urgent-lanes.ts';

/** `rule`: undefined where the configuration no longer names the source. `now`: absent where only the size of bodies counts. */
export function writeBackView(
  row: WriteBackRow,
  rule: WriteBackRule | undefined,
  now?: number,
): WriteBackView {
  const {
    uncertain: _,
    inDoubt: ______,
    alone: __,
    carriedBy: ___,
    changedAt: ____,
    freshnessMs: _____,
    standing,
    ...shown
  } = row;
  return {
    ...shown,
    wanted: row.wanted as never,
    acknowledged: row.acknowledged as never,
    payload: payloadOf(row, standing, rule, now),
  };
}

function payloadOf(
  row: WriteBackRow,
  recordId: string | null,
  rule: WriteBackRule | undefined,
  now: number | undefined,
): Json {
  if (!rule || (recordId === null && !rule.create)) return null;
  const { sourceId, wanted, acknowledged, uncertain, inDoubt } = row;
  const attributes = attributesToWrite(wanted, acknowledged, uncertain ? inDoubt : null);
  if (Object.keys(attributes).length === 0) return null;
  const { writer, settings, create } = rule;
  const write = { sourceId, recordId, attributes };
  // As it is sent: many together where the vendor takes them, but for what is urgent or was refused with others.
  const isTogether =
    writer.traits(settings, { create }).bulk !== null && !urgentLanes.includes(row.lane) && !row.alone;
  return writer.single && !isTogether
    ? writer.single.payload(write, settings)
    : writer.payload([write], settings, now);
}
