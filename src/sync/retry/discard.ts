// Dead letters put aside by a person: closed with the reason, and their deliveries left as they are until the customer
// changes. It sends nothing.
import type { Discarded } from '../../contract/dead-letter.ts';
import type { Database } from '../../db/database.ts';
import type { Clock } from '../../engine/clock.ts';
import { type DeadLetterFilter, deadLettersAfter, discardLetters } from '../../tables/dead-letters.ts';
import { putAside } from '../../tables/deliveries.ts';
import { discardWriteBacks } from '../../tables/write-backs.ts';

const pageLetters = 500;

/** Discards the chosen letters, the oldest first, 500 a transaction. */
export async function discardDeadLetters(
  { database, clock }: { database: Database; clock: Clock },
  which: DeadLetterFilter,
  reason: string,
): Promise<Discarded> {
  const discarded: Discarded = {
    letters: 0,
    deliveries: { aside: 0, waiting: 0 },
    writeBacks: { aside: 0, waiting: 0 },
  };
  for (let after = 0; ; ) {
    const page = await database.transaction(async (tx) => {
      const letters = await deadLettersAfter(tx, which, { after, limit: pageLetters });
      const refs = letters.filter(({ kind }) => kind === 'delivery').map(({ ref }) => ref);
      const aside = await putAside(tx, refs, reason);
      const back = letters.filter(({ kind }) => kind === 'writeBack');
      let asideBack = 0;
      for (const [source, some] of Map.groupBy(back, (letter) => letter.source))
        asideBack += await discardWriteBacks(
          tx,
          source,
          some.map(({ ref }) => ref),
          reason,
        );
      const writeBacks = { aside: asideBack, waiting: back.length - asideBack };
      const closed = await discardLetters(
        tx,
        letters.map(({ id }) => id),
        reason,
        clock.now(),
      );
      return { letters, closed: closed.length, aside, waiting: refs.length - aside, writeBacks };
    });
    discarded.letters += page.closed;
    discarded.deliveries.aside += page.aside;
    discarded.deliveries.waiting += page.waiting;
    discarded.writeBacks.aside += page.writeBacks.aside;
    discarded.writeBacks.waiting += page.writeBacks.waiting;
    if (page.letters.length < pageLetters) return discarded;
    after = page.letters.at(-1)!.id;
  }
}
