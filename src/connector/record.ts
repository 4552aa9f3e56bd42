// A record as a source gives it.
import type { JsonObject } from './json.ts';

/** One row as the source has it. Within a stream the newest record of an ID replaces the older whole. */
export interface SourceRecord {
  /** The vendor's own ID of the row, unique in its stream. */
  recordId: string;
  /** The source's own clock for this state of the row, epoch milliseconds. Decides what is newer, wherever it came from. */
  changedAt: number;
  /** The source says the row is gone (archived, deleted). `body` is then whatever is still known, often nothing. */
  deleted?: true;
  /** Property names to values, as the vendor sent them. Absent and null are different things. */
  body: JsonObject;
  /** Records that the vendor has merged into this one: it speaks for their customers now, they no more. */
  merged?: readonly string[];
  /** The vendor says that no record has taken this one over: a merge that it told of before has been undone since. */
  unmerged?: true;
}
