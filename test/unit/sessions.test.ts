// What becomes of statements whose connection is gone, where the driver does not say it.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Sql } from 'postgres';
import { describe, expect, it } from 'vitest';
import { type Connect, type Session, Sessions } from '../../src/db/sessions.ts';

/**
 * A driver that answers the statement `select 1` and no other, and whose connections close when a test says so. `end`: how long
 * it takes to end a connection.
 */
function silentDriver(
  end = (timeout: number, isReserved: boolean) => sleep(isReserved ? timeout * 1000 : 0),
) {
  const closers: (() => void)[] = [];
  const connect: Connect = ({ onclose }) => {
    closers.push(() => onclose!(1));
    const client = (() => Promise.resolve([])) as unknown as Sql;
    let isReserved = true;
    const connection = {
      unsafe: () => new Promise(() => {}),
      release: () => {
        isReserved = false;
      },
    };
    return Object.assign(client, {
      reserve: () => Promise.resolve(connection),
      end: ({ timeout = 0 } = {}) => end(timeout, isReserved),
    } as unknown as Sql);
  };
  return { connect, closers };
}

const ask = (session: Session) => session.run((connection) => connection.unsafe('select 2'));

describe('A pool of sessions', () => {
  const open = (max: number, ...end: Parameters<typeof silentDriver>) => {
    const { connect, closers } = silentDriver(...end);
    return { sessions: new Sessions(connect, { max, hosts: { index: 0 } }), closers };
  };

  it('rejects a statement whose connection has closed, even if the driver never answers it', async () => {
    const { sessions, closers } = open(1);
    const asked = sessions.use(ask);
    await sleep(10);
    closers[0]!();
    await expect(asked).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' });
  });

  it('uses no client again whose connection has closed', async () => {
    const { sessions, closers } = open(1);
    for (let connections = 1; connections <= 3; connections += 1) {
      await sessions.use(async () => {});
      await sessions.use(async () => {});
      expect(closers).toHaveLength(connections);
      closers.at(-1)!();
    }
  });

  it('rejects a further statement at once where its connection has closed meanwhile', async () => {
    const { sessions, closers } = open(1);
    const used = sessions.use(async (session) => {
      closers[0]!();
      await ask(session);
    });
    await expect(used).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' });
  });

  it('gives each its own session while there are enough, and then the one with the fewest users', async () => {
    const { sessions, closers } = open(2);
    const seen: Session[] = [];
    const { promise: mayEnd, resolve: end } = Promise.withResolvers<void>();
    const users = [1, 2, 3].map(() =>
      sessions.use(async (session) => {
        seen.push(session);
        await mayEnd;
      }),
    );
    await sleep(10);
    expect(closers).toHaveLength(2);
    expect(new Set(seen).size).toBe(2);
    end();
    await Promise.all(users);
  });

  it('cuts off what has not ended when the grace is over, and is not held up by it', async () => {
    const { sessions, closers } = open(1);
    const asked = sessions.use(ask);
    asked.catch(() => {});
    await sleep(10);
    const replaced = sessions.replace(0.05);
    await sessions.use(async () => {});
    expect(closers).toHaveLength(2);
    await replaced;
    await expect(asked).rejects.toMatchObject({ code: 'CONNECTION_DESTROYED' });
  });

  it('has ended a session whose connection closes meanwhile, even if the driver never says so', async () => {
    const { sessions, closers } = open(1, () => new Promise(() => {}));
    await sessions.use(async () => {});
    const ended = sessions.end(5);
    closers[0]!();
    await ended;
  });

  it('gives no session once it has ended', async () => {
    const { sessions } = open(1);
    await sessions.use(async () => {});
    await sessions.end(0);
    await expect(sessions.use(ask)).rejects.toMatchObject({ code: 'CONNECTION_ENDED' });
  });
});
