// The vendor of a verification: a simulated Voucherify that holds many customers from the start, in a process of its own.
import { pathToFileURL } from 'node:url';
import { serve } from '../simulators/serve.ts';
import { createVoucherifySimulator } from '../simulators/voucherify.ts';

/** Of so many customers one is not as it was sent. */
export const differingEvery = 1_000;

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const many = Number(process.argv[2]);
  const voucherify = createVoucherifySimulator({
    now: Date.now,
    appId: 'bench',
    appToken: 'bench',
    exportMs: 1_000,
    metadataSchema: { properties: { stage: { type: 'string' }, points: { type: 'number' } } },
  });
  const createdAt = Date.now() - 3_600_000;
  voucherify.restoreSnapshot({
    ...voucherify.snapshot(),
    truth: {
      customers: Array.from({ length: many }, (_, number) => ({
        id: `cust_${number.toString(36).padStart(24, '0')}`,
        source_id: String(number).padStart(9, '0'),
        name: `First Last ${number}`,
        email: `person.${number}@example.org`,
        phone: number % differingEvery === 0 ? '+1' : `+48${600_000_000 + number}`,
        address: { city: `City, ${number % 300}` },
        metadata: { stage: number % 3 === 0 ? 'lead' : 'customer', points: number % 5_000 },
        created_at_ms: createdAt + Math.floor(number / 8),
        writes: 1,
      })),
      deleted: [],
      ids_given: many,
      last_stamp_ms: createdAt + many,
    },
  });
  console.log((await serve(voucherify.app, { latencyMs: 20 })).url);
}
