// What may befall three busy workers and their database, and the tests of it. It does not know how the database is reached.
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { hasPgbouncer } from '../support/pgbouncer.ts';
import { seed } from '../support/random.ts';
import { type DisasterWorld, leaseMs, openDisasterWorld } from './disaster-world.ts';
import { OwnServer, whyNoServer } from './own-server.ts';
import { SmallDisk } from './small-disk.ts';

export interface Scene {
  world: DisasterWorld;
  server: OwnServer;
  /** Where the files of the workers' database are. Null where mounting is not permitted: they are with the server's. */
  disk: SmallDisk | null;
}

export interface Disaster {
  name: string;
  needsDisk?: true;
  strike(scene: Scene): Promise<void>;
}

export const disasters: readonly Disaster[] = [
  {
    name: 'SIGKILL, one after the other',
    async strike({ world }) {
      for (let turn = 0; turn < 3; turn += 1) {
        await delay(300);
        await world.replace(world.any());
      }
    },
  },
  {
    name: 'SIGSTOP for longer than the lease, then SIGCONT',
    async strike({ world }) {
      for (let turn = 0; turn < 2; turn += 1) {
        await delay(200);
        await world.suspend(world.any(), 2 * leaseMs);
      }
    },
  },
  {
    name: 'a server that is stopped at once and started again',
    async strike({ server }) {
      for (const downMs of [0, 1_500]) {
        await delay(600);
        await server.stopAtOnce();
        await delay(downMs);
        await server.start();
      }
    },
  },
  {
    name: 'a server that lets itself only be read, in sessions that are there, too',
    async strike({ server }) {
      const setTo = async (value: string) => {
        await server.query(`alter system ${value}`);
        await server.query('select pg_reload_conf()');
      };
      await delay(300);
      await setTo('set default_transaction_read_only = on');
      await delay(2_000);
      await setTo('reset default_transaction_read_only');
    },
  },
  {
    name: 'a database that only lets itself be read, in sessions that go on after it',
    async strike({ world: { database }, server }) {
      await delay(300);
      await server.query(`alter database ${database} set default_transaction_read_only = on`);
      await server.endSessions();
      await delay(2_000);
      await server.query(`alter database ${database} reset default_transaction_read_only`);
    },
  },
  {
    name: 'its disk is full',
    needsDisk: true,
    async strike({ disk }) {
      await delay(300);
      disk!.fill();
      await delay(2_500);
      disk!.makeRoom();
    },
  },
  {
    name: 'no connection is left',
    async strike({ server }) {
      await delay(300);
      const others = await server.occupy();
      for (let turn = 0; turn < 4; turn += 1) {
        await server.endSessions();
        await delay(500);
      }
      await others.leave();
    },
  },
  {
    name: 'all sessions are ended again and again',
    async strike({ server }) {
      for (let turn = 0; turn < 40; turn += 1) {
        await server.endSessions();
        await delay(80);
      }
    },
  },
];

/** Three workers come through one after the other. `pooled`: behind PgBouncer, in transaction mode. */
export function describeDisasters(title: string, { pooled }: { pooled: boolean }): void {
  const absent = whyNoServer ?? (pooled && !hasPgbouncer ? 'PgBouncer is not installed' : null);
  describe.skipIf(absent !== null)(absent === null ? title : `${title} (not here: ${absent})`, () => {
    let server: OwnServer;
    let world: DisasterWorld | null = null;
    const disk = absent === null ? SmallDisk.mount('256m') : null;
    beforeAll(async () => {
      server = await OwnServer.begin();
      if (disk) await server.createTablespace('small', disk.folder);
    });
    // What one has spoilt would be found by the next.
    afterEach(async ({ task }) => {
      if (task.result?.state !== 'fail') return;
      disk?.makeRoom();
      await world?.close();
      world = null;
    });
    afterAll(async () => {
      await world?.close();
      await server?.close();
      disk?.close();
    });

    for (const { name, needsDisk, strike } of disasters) {
      const isLeftOut = needsDisk === true && disk === null;
      const reason = isLeftOut ? ', not here: mounting is not permitted' : '';
      it.skipIf(isLeftOut)(
        `lose nothing, and write nothing stale: ${name} (seed ${seed}${reason})`,
        async () => {
          world ??= await openDisasterWorld({ server, pooled, seed, ...(disk && { tablespace: 'small' }) });
          await world.begin();
          await strike({ world, server, disk });
          await delay(300);
          await world.settles(90);
          expect(await world.faults()).toEqual([]);
        },
      );
    }

    it('end well after all of this, as an orchestrator asks them to', async () => {
      await world!.drain();
    });
  });
}
