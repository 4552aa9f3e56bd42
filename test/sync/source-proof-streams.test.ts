// Source proofs of what vendors differ in: no reading by ID, lists that are the whole truth, webhooks that are still on their way.
import { sql } from 'drizzle-orm';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type Connector, defineConnector, type Page, type SourceRecord } from '../../src/connector.ts';
import type { ProvenStream } from '../../src/contract/source-proof.ts';
import { verificationById } from '../../src/tables/verifications.ts';
import { behaviour, type TestDatabase } from '../support/databases.ts';
import { openSyncWorld, type SyncWorld, type SyncWorldOptions, until } from '../support/sync-world.ts';

const [{ open }] = behaviour;

interface Shelf {
  records: SourceRecord[];
  /** The state that is the whole truth, where the list says so. */
  asOf?: number;
  /** Told of each page before it is given. */
  beforePage(): void;
}

/** A list of two records a page, which is all that there is. */
function listOnly(shelf: Shelf): Connector {
  return defineConnector({
    name: 'list',
    settings: z.strictObject({}),
    source: {
      sourceId: 'id',
      mapping: { name: 'name' },
      streams: [
        {
          name: 'people',
          async pull(_context, { cursor }): Promise<Page> {
            shelf.beforePage();
            const from = typeof cursor === 'number' && cursor < shelf.records.length ? cursor : 0;
            const records = shelf.records.slice(from, from + 2);
            const next = from + 2;
            const whole = shelf.asOf === undefined ? {} : { whole: { asOf: shelf.asOf, begins: from === 0 } };
            return { records, cursor: next, done: next >= shelf.records.length, ...whole };
          },
        },
        { name: 'pushed' },
      ],
    },
  });
}

describe('a source proof', () => {
  let database: TestDatabase;
  let world: SyncWorld;

  afterEach(async () => {
    await world?.close();
    await database?.close();
  });

  async function start(options: SyncWorldOptions): Promise<void> {
    database = await open();
    world = await openSyncWorld(database, options);
    await world.tributary.start();
  }

  async function prove(source: string): Promise<ProvenStream[]> {
    const request = { sample: 1, heal: false, by: 'person' as const, sources: [source] };
    const requested = await world.tributary.verify(request);
    const { id } = (requested as { verification: { id: number } }).verification;
    await until(async () => (await verificationById(database, id))?.state === 'finished');
    return (await verificationById(database, id))!.report.streams!;
  }

  const person = (recordId: string, name: string, changedAt = 1_000): SourceRecord => ({
    recordId,
    changedAt,
    body: { id: recordId, name },
  });
  const kindsOf = ({ findings }: ProvenStream) =>
    findings.map(({ kind, examples }) => [kind, examples.map((one) => 'recordId' in one && one.recordId)]);

  async function startList(shelf: Shelf): Promise<void> {
    shelf.records = ['a', 'b', 'c', 'd', 'e'].map((id) => person(id, `N ${id}`));
    await start({ connectors: [listOnly(shelf)], sources: { shelf: { connector: 'list' } } });
    await world.sync('full', 'shelf');
  }

  it('reads a list again where nothing can be read by ID, and calls nobody deleted', async () => {
    const shelf: Shelf = { records: [], beforePage: () => {} };
    await startList(shelf);
    shelf.records = [
      person('a', 'Changed', 2_000),
      ...shelf.records.slice(1, 4),
      person('new', 'Never told of'),
    ];
    let pages = 0;
    // One that shows another state once only.
    shelf.beforePage = () => {
      pages += 1;
      shelf.records[1] = person('b', pages === 1 ? 'Flickering' : 'N b');
    };
    const [people, pushed] = await prove('shelf');
    expect(people).toMatchObject({
      by: 'pages',
      state: 'unproven',
      why: 'No record can be read by ID here, and nothing else proves what became of some of them.',
      listed: { count: 5, matched: 3, found: 2 },
      notListed: { count: 1, unproven: 1 },
    });
    expect(kindsOf(people!)).toEqual([
      ['missing', ['new']],
      ['stale', ['a']],
    ]);
    expect(pages).toBe(6);
    expect(pushed).toMatchObject({
      state: 'unproven',
      why: 'The vendor only pushes these records and has no list of them.',
    });
  });

  it('believes a list that is the whole truth of a moment', async () => {
    const shelf: Shelf = { records: [], asOf: 5_000, beforePage: () => {} };
    await startList(shelf);
    shelf.records = shelf.records.slice(0, 4);
    const [people] = await prove('shelf');
    expect(people).toMatchObject({ state: 'proven', listed: { matched: 4 }, notListed: { found: 1 } });
    expect(kindsOf(people!)).toEqual([['deletedThere', ['e']]]);
  });

  it('waits for what webhooks may be telling of before it believes a difference', async () => {
    await start({ source: { clientSecret: 'a-client-secret-0000' } });
    world.hubspot.seed(12, 7, world.clock.now() - 86_400_000);
    await world.sync('full');
    const [deleted, lost] = [...world.hubspot.contacts()].map(({ id }) => id) as [string, string];
    let told = false;
    world.hubspot.archive(lost);
    world.hubspot.faults = async (request) => {
      const { pathname } = new URL(request.url);
      // While the list is read, and told of when the difference has been seen.
      if (pathname.endsWith('/contacts') && request.method === 'GET' && !world.hubspot.get(deleted)?.archived)
        world.hubspot.archive(deleted);
      if (pathname.endsWith('/batch/read') && !told) {
        told = true;
        void world.clock.sleep(3_000).then(() =>
          database.rows(sql`
            insert into touches (source, stream, record_id, changed_at, gone, since, due_at)
            values ('hubspot', 'contacts', ${deleted}, now(), 'deleted', now(), now())`),
        );
      }
      return undefined;
    };
    const [contacts] = await prove('hubspot');
    expect(kindsOf(contacts!)).toEqual([['deletedThere', [lost]]]);
    expect(contacts).toMatchObject({
      listed: { count: 10, matched: 10 },
      notListed: { count: 2, matched: 1, found: 1 },
    });
  });

  it('finds nothing beside a sync that is running', async () => {
    await start({});
    world.hubspot.seed(250, 7, world.clock.now() - 86_400_000);
    await world.sync('full');
    let calls = 0;
    world.hubspot.faults = () => {
      calls += 1;
      // With every call somebody changes, and somebody comes.
      const ids = [...world.hubspot.contacts()].map(({ id }) => id);
      world.hubspot.update(ids[(calls * 37) % ids.length]!, { city: `City ${calls}` });
      world.hubspot.create({ firstname: `New ${calls}` });
      return undefined;
    };
    const lane = 'backfill' as const;
    await world.tributary.request({ source: 'hubspot', mode: 'full', trigger: 'manual', lane });
    const [contacts] = await prove('hubspot');
    expect(contacts).toMatchObject({ state: 'proven', hidden: 0, findings: [] });
    expect(calls).toBeGreaterThan(6);
  });
});
