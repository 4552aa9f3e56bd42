// A server is killed in the middle of a burst of signed webhooks: whatever it has answered with success is there, once.
import { type ChildProcess, fork } from 'node:child_process';
import { sql } from 'drizzle-orm';
import { describe, expect, it } from 'vitest';
import { openDatabase } from '../../src/db/database.ts';
import { databases } from '../support/databases.ts';
import { newAgent, type Signed, send, signedEvent } from '../support/intake.ts';
import { until } from '../support/sync-world.ts';

const burst = 20_000;
const connections = 50;

describe.each(databases)('webhooks through a kill, on $name', ({ openOwn }) => {
  it(`keeps every one of ${burst} that was answered, and ingests each once`, async () => {
    const database = await openOwn();
    const { where } = database;
    await database.release();
    const events = Array.from({ length: burst }, (_, number) => signedEvent(number, 400));
    const answered = new Set<string>();
    let sent = 0;
    let child: Started | null = await start(where);
    let killed = false;
    const agent = newAgent(connections);
    /** As a vendor does: what was not answered with success comes again. */
    const sender = async () => {
      for (let event = events[sent++]; event; event = events[sent++]) await deliver(event);
    };
    const deliver = async (event: Signed) => {
      for (;;) {
        while (child === null) await new Promise((resolve) => setTimeout(resolve, 20));
        const status = await send(child.url, agent, event);
        if (status === 200) return void answered.add(event.id);
        expect(status === null || status === 503, String(status)).toBe(true);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    };
    const killer = async () => {
      await until(() => answered.size > burst * 0.4);
      const victim = child!.process;
      child = null;
      const over = new Promise((resolve) => victim.once('exit', resolve));
      victim.kill('SIGKILL');
      await over;
      killed = true;
      child = await start(where);
    };
    try {
      await Promise.all([killer(), ...Array.from({ length: connections }, sender)]);
      expect(killed).toBe(true);
      expect(answered.size).toBe(burst);
      const last = child as unknown as Started;
      // What is still waiting is opened by this one; it is drained and the database looked at by us.
      await untilOpened(last.url);
      const over = new Promise((resolve) => last.process.once('exit', resolve));
      last.process.send('drain');
      await over;
      child = null;
      const own = await openDatabase(where);
      try {
        const [rows] = await own.rows<Record<string, number>>(sql`
          select (select count(*)::int from records) as records, (select count(*)::int from customers) as customers,
            (select count(*)::int from item_keys) as keys, (select count(*)::int from inbox) as kept,
            (select sum((counts ->> 'duplicates')::int)::int from inbox) as duplicates,
            (select sum((counts ->> 'changed')::int)::int from inbox) as changed,
            (select count(*)::int from inbox where state <> 'opened') as unopened`);
        expect(rows).toMatchObject({
          records: burst,
          customers: burst,
          keys: burst,
          changed: burst,
          unopened: 0,
        });
        expect(rows!['kept']! - rows!['duplicates']!).toBe(burst);
      } finally {
        await own.close();
      }
    } finally {
      agent.destroy();
      (child as Started | null)?.process.kill('SIGKILL');
      await database.close();
    }
  });
});

interface Started {
  process: ChildProcess;
  url: string;
}

async function start(where: object): Promise<Started> {
  const process = fork(new URL('../support/intake-worker.ts', import.meta.url), [
    JSON.stringify({ where, opens: true }),
  ]);
  const url = await new Promise<string>((resolve, reject) => {
    process.once('message', (said: { url: string }) => resolve(said.url));
    process.once('exit', (code) => reject(new Error(`the server ended with ${code}`)));
  });
  return { process, url };
}

async function untilOpened(url: string): Promise<void> {
  const deadline = performance.now() + 120_000;
  for (;;) {
    const answer = await fetch(`${url}/api/inbox?state=waiting&limit=1`, {
      headers: { authorization: 'Bearer a-token-for-the-tests' },
    });
    const { requests } = (await answer.json()) as { requests: unknown[] };
    if (requests.length === 0) return;
    if (performance.now() > deadline) throw new Error('not everything was opened within two minutes');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
