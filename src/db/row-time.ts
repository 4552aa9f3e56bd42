// How long one row takes that passes the database and comes back: how quick the database and this process are together. It changes
// nothing.
import { sql } from 'drizzle-orm';
import { type Database, json } from './database.ts';

const rows = 1_000;
/** The first warms up; the median of the others is what is usual while others use the machine too. */
const rounds = 6;

/** Milliseconds by `now`. */
export async function measureRowMs(database: Database, now: () => number): Promise<number> {
  const sample = Array.from({ length: rows }, (_, index) => ({ id: `customer-${index}`, fields }));
  const took: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const beganAt = now();
    await database.rows(sql`
      select id, fields, fields || jsonb_build_object('id', id) as changed, md5(fields::text) as hash
      from jsonb_to_recordset(${json(sample)}) as sample (id text, fields jsonb) order by id`);
    took.push(now() - beganAt);
  }
  const usual = took.slice(1).sort((a, b) => a - b);
  return usual[Math.floor(usual.length / 2)]! / rows;
}

/** As large as a customer's usually are. */
const fields = {
  name: 'A customer with a name',
  email: 'a-customer@example.com',
  phone: '+48600100200',
  'address.city': 'Warszawa',
  'address.postal_code': '00-001',
  'address.country': 'Poland',
  'metadata.lifecycle_stage': 'customer',
  'metadata.company': 'A company of the customer',
  'metadata.loyalty_points': 1_200,
  'metadata.newsletter': true,
};
