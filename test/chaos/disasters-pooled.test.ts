// As disasters.test.ts, with PgBouncer between the workers and their database.
import { describeDisasters } from './disasters.ts';

describeDisasters('three workers behind PgBouncer', { pooled: true });
