// What the page of deliveries reads.
import type { Context } from 'hono';
import { z } from 'zod';
import { callsShape } from '../../contract/call.ts';
import { customerShape } from '../../contract/customer.ts';
import { laneShape } from '../../contract/parts.ts';
import { listBatches, nextDeliveries } from '../../sync/views/delivery-queue.ts';
import { destinationName } from '../../tables/pauses.ts';
import type { Deps } from '../deps.ts';
import { deliveriesPage } from '../pages/deliveries.ts';
import { recentCalls } from '../recent-calls.ts';
import { pagesAt, queryOf } from './visit.ts';

const rowsShown = 50;

const batchesShown = 20;

const query = z.strictObject({ lane: laneShape.optional(), calls: z.enum(['failed']).optional() });

/** What a vendor said of somebody may name them. */
const said = customerShape.shape.delivery.unwrap().shape.error;

export function deliveriesPages(deps: Deps) {
  const { database } = deps.tributary;
  return pagesAt(deps, {
    '/deliveries': async ({ status, shown }, c: Context) => {
      const { lane, calls } = queryOf(query, c);
      const onlyFailed = calls === 'failed';
      const [queue, batches] = await Promise.all([
        nextDeliveries(database, { lane, limit: rowsShown }),
        listBatches(database, batchesShown),
      ]);
      return deliveriesPage({
        status,
        lane,
        onlyFailed,
        calls: shown(callsShape, recentCalls(deps, { of: destinationName, onlyFailed })),
        queue: queue.map((one) => ({ ...one, error: shown(said, one.error) })),
        batches: batches.map((one) => ({ ...one, lost: shown(said, one.lost) })),
      });
    },
  });
}
