// Customers on their way: one by one or in bulk, completed with what others own, and halved where a batch is refused as
// a whole. It knows neither when nor why they are sent.
import { randomUUID } from 'node:crypto';
import {
  type Context,
  type Destination,
  type JsonObject,
  type Outcome,
  RejectedError,
} from '../connector.ts';
import type { Database } from '../db/database.ts';
import type { Clock } from '../engine/clock.ts';
import { type Batch, type BatchItem, keepBatch } from './batches.ts';
import { carry } from './deliveries.ts';
import type { Writing } from './difference.ts';
import { pollDelayMs } from './polling.ts';
import type { Traits } from './route.ts';
import type { Settler } from './settling.ts';

export interface SendRoom {
  database: Database;
  clock: Clock;
  destination: Destination<unknown>;
  traits: Traits;
  settler: Settler;
}

/** Sends what was claimed under one lease. */
export class Sender {
  readonly #room: SendRoom;
  readonly #lease: string;
  readonly #context: () => Context<unknown>;

  constructor(room: SendRoom, lease: string, context: () => Context<unknown>) {
    this.#room = room;
    this.#lease = lease;
    this.#context = context;
  }

  /** One by one, several at a time. */
  async singles(toWrite: readonly Writing[]): Promise<void> {
    const waiting = [...toWrite];
    const sender = async () => {
      for (let writing = waiting.shift(); writing; writing = waiting.shift()) await this.#one(writing);
    };
    await Promise.all(
      Array.from({ length: Math.min(this.#room.traits.singlesAtOnce, toWrite.length) }, sender),
    );
  }

  async #one(writing: Writing): Promise<void> {
    const { settler } = this.#room;
    const carrier = { lease: this.#lease };
    try {
      const context = this.#context();
      const outcome =
        writing.action === 'remove'
          ? await this.#remove(context, writing.sourceId)
          : await this.#upsert(context, writing);
      await settler.settle(carrier, [writing], new Map([[writing.sourceId, outcome]]));
    } catch (error) {
      await settler.settleFailure(this.#lease, [writing], error);
    }
  }

  async #upsert(context: Context<unknown>, writing: Writing): Promise<Outcome> {
    const payload = await this.#preserved(context, writing);
    return this.#room.destination.upsert(context, { sourceId: writing.sourceId, payload });
  }

  /** Never for good: the customer may come back. */
  async #remove(context: Context<unknown>, sourceId: string): Promise<Outcome> {
    const { destination } = this.#room;
    if (destination.remove) return destination.remove(context, sourceId, { permanent: false });
    const message = 'The destination offers no way to delete a customer: set "deletes" to another policy.';
    return { sourceId, result: 'rejected', code: 'no_remove', message };
  }

  /** The payload, completed with what others keep in the objects that we write in part, where the vendor replaces them. */
  async #preserved(context: Context<unknown>, writing: Writing): Promise<JsonObject> {
    const { destination } = this.#room;
    const payload = writing.payload ?? {};
    if (this.#room.traits.partialWrites === 'merge' || !writing.partial || !destination.preserve)
      return payload;
    const current = await destination.read(context, writing.sourceId);
    return current ? destination.preserve(payload, current) : payload;
  }

  /** In as few bulk actions as their bytes allow. */
  async bulk(toWrite: readonly Writing[]): Promise<void> {
    for (const part of inParts(toWrite, this.#room.traits.bulk!.maxBytes)) await this.#submit(part);
  }

  async #submit(part: readonly Writing[]): Promise<void> {
    const { database, clock, destination, settler } = this.#room;
    const context = this.#context();
    let actionId: string;
    try {
      const writes = await inTurn(part, this.#room.traits.singlesAtOnce, async (writing) => ({
        sourceId: writing.sourceId,
        payload: await this.#preserved(context, writing),
      }));
      ({ actionId } = await destination.bulk!.submit(context, writes));
    } catch (error) {
      if (error instanceof RejectedError && part.length > 1) return this.#bisect(part);
      return settler.settleFailure(this.#lease, part, error);
    }
    const id = randomUUID();
    const items: BatchItem[] = part.map(({ sourceId, revision, acknowledges, attempts, uncertain }) => ({
      sourceId,
      revision,
      acknowledges,
      attempts,
      uncertain,
    }));
    const batch: Batch = { id, actionId, items, submittedAt: clock.now(), polls: 0 };
    await database.transaction(async (tx) => {
      await keepBatch(tx, batch, clock.now() + pollDelayMs(batch));
      await carry(
        tx,
        this.#lease,
        id,
        items.map((item) => item.sourceId),
      );
    });
  }

  /** A batch refused as a whole is halved until the customers that cause it stand alone. */
  async #bisect(part: readonly Writing[]): Promise<void> {
    const middle = Math.ceil(part.length / 2);
    for (const half of [part.slice(0, middle), part.slice(middle)]) {
      if (half.length <= 5) await this.singles(half);
      else await this.#submit(half);
    }
  }
}

/** Splits so that each part's body stays under `maxBytes`; the array's own commas and brackets are counted. */
function inParts(toWrite: readonly Writing[], maxBytes: number): Writing[][] {
  const parts: Writing[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const writing of toWrite) {
    const size = Buffer.byteLength(JSON.stringify(writing.payload)) + 1;
    if (bytes + size > maxBytes) {
      parts.push([]);
      bytes = 2;
    }
    parts.at(-1)?.push(writing);
    bytes += size;
  }
  return parts;
}

/** Maps with at most `atOnce` under way, in order. */
async function inTurn<Item, Result>(
  items: readonly Item[],
  atOnce: number,
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  let next = 0;
  const worker = async () => {
    while (next < items.length) {
      const index = next++;
      results[index] = await work(items[index]!);
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker));
  return results;
}
