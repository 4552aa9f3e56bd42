// Three workers on one PostgreSQL, and what may befall it and them.
import { describeDisasters } from './disasters.ts';

describeDisasters('three workers on one PostgreSQL', { pooled: false });
