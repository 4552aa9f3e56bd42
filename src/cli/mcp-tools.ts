// What an agent may ask of Tributary: each tool is one request of the API, or a few. It looks with the role of a viewer; what
// costs calls or changes something acts as an operator. Personal data is masked by the server unless a person wants it otherwise.
import { z } from 'zod';
import type { Role } from '../contract/access.ts';
import type { AnyRequest } from './client.ts';
import type { Method, Operation, PathOf, Sent } from './operations.ts';

export interface AgentTool {
  name: string;
  title: string;
  description: string;
  input: z.ZodObject;
  /** `reads`: our own database. `asks`: spends calls at vendors and changes nothing. `writes`: has something done. */
  kind: 'reads' | 'asks' | 'writes';
  /** The requests by their names in the answer. A single one is answered as it is. */
  requests(input: Input): AgentRequest[];
}

export interface AgentRequest extends AnyRequest {
  as: string;
}

// biome-ignore lint/suspicious/noExplicitAny: each tool has an input of its own, checked before it is handed over
type Input = any;

/** The role that each kind acts in. */
export const roleOf: { readonly [kind in AgentTool['kind']]: Role } = {
  reads: 'viewer',
  asks: 'operator',
  writes: 'operator',
};

const source = z.string().min(1).max(200).describe('the name of a source in the configuration');
const customer = z
  .string()
  .min(1)
  .max(1000)
  .describe('a source ID, a record ID of any source, or an e-mail address');
const limit = z.int().min(1).max(100).default(20);
const mode = z.enum(['incremental', 'full']);

function named<M extends Method, Path extends PathOf<M>>(
  as: string,
  method: M,
  route: Path,
  ...[request]: Sent<Operation<M, Path>>
): AgentRequest {
  return { as, method, route, ...(request as object) };
}

function one<M extends Method, Path extends PathOf<M>>(
  method: M,
  route: Path,
  ...request: Sent<Operation<M, Path>>
): AgentRequest[] {
  return [named('answer', method, route, ...request)];
}

const reading: AgentTool[] = [
  {
    name: 'status',
    title: 'Status',
    description:
      'Whether customers are in step, what waits or is held and why, budgets of calls, circuits, and the state of each source.',
    input: z.object({}),
    kind: 'reads',
    requests: () => one('get', '/api/status'),
  },
  {
    name: 'problems',
    title: 'Problems',
    description:
      'All that waits for a person: dead letters by cause, held runs, values in quarantine, and customers that differ at Voucherify.',
    input: z.object({ limit }),
    kind: 'reads',
    requests: ({ limit }) => [
      named('deadLetters', 'get', '/api/dead-letters/groups'),
      named('holds', 'get', '/api/holds', { query: { limit } }),
      named('quarantine', 'get', '/api/quarantine', { query: { limit } }),
      named('drifts', 'get', '/api/drifts', { query: { limit } }),
    ],
  },
  {
    name: 'runs',
    title: 'Runs',
    description: 'The latest runs, newest first: what was read, what became of it, and what failed.',
    input: z.object({ source: source.optional(), limit }),
    kind: 'reads',
    requests: (query) => one('get', '/api/runs', { query }),
  },
  {
    name: 'search',
    title: 'Search customers',
    description: 'Customers whose source ID, e-mail address or a word of whose name begins with this text.',
    input: z.object({ search: z.string().min(1).max(200), limit }),
    kind: 'reads',
    requests: (query) => one('get', '/api/customers', { query }),
  },
  {
    name: 'explain',
    title: 'Explain a customer',
    description:
      'Where each value of a customer comes from and why, as sentences; of one field if it is named.',
    input: z.object({ customer, field: z.string().min(1).max(200).optional() }),
    kind: 'reads',
    requests: ({ customer, ...query }) =>
      one('get', '/api/customers/{sourceId}/explain', { path: { sourceId: customer }, query }),
  },
  {
    name: 'history',
    title: 'History of a customer',
    description: 'The changes of a customer, newest first, each with its cause.',
    input: z.object({ customer, limit }),
    kind: 'reads',
    requests: ({ customer, ...query }) =>
      one('get', '/api/customers/{sourceId}/history', { path: { sourceId: customer }, query }),
  },
  {
    name: 'verifications',
    title: 'Verifications',
    description:
      'The latest verifications: how many customers were read back from Voucherify, and how many differed.',
    input: z.object({}),
    kind: 'reads',
    requests: () => one('get', '/api/verifications'),
  },
];

const asking: AgentTool[] = [
  {
    name: 'plan',
    title: 'Plan a run',
    description:
      'What a run would take: calls, shares of the quotas and minutes. It counts at the vendor with a few cheap calls.',
    input: z.object({ source: source.optional(), mode: mode.default('incremental') }),
    kind: 'asks',
    requests: (body) => one('post', '/api/plan', { body }),
  },
  {
    name: 'propose',
    title: 'Propose a mapping',
    description:
      'What another mapping of the sources would change, over the records that are stored: counts and examples. Nothing is applied; a person edits the configuration.',
    input: z.object({
      mapping: z
        .record(z.string(), z.record(z.string(), z.unknown()))
        .describe('the proposed mappings, by source'),
      samples: z.int().min(0).max(20).default(5),
    }),
    kind: 'asks',
    requests: (body) => one('post', '/api/preview', { body }),
  },
  {
    name: 'verify',
    title: 'Verify',
    description:
      'Reads a random sample of customers back from Voucherify and compares them, one call each. It mends nothing. The result appears in `verifications`.',
    input: z.object({ sample: z.int().min(1).max(500).default(100) }),
    kind: 'asks',
    requests: ({ sample }) => one('post', '/api/verify', { body: { sample, heal: false } }),
  },
];

const writing: AgentTool[] = [
  {
    name: 'sync',
    title: 'Sync a source',
    description: 'Requests a run of a source. It returns at once; `runs` shows how it goes.',
    input: z.object({ source, mode }),
    kind: 'writes',
    requests: ({ source, mode }) =>
      one('post', '/api/sources/{source}/sync', { path: { source }, body: { mode } }),
  },
  {
    name: 'retry',
    title: 'Retry dead letters',
    description: 'Tries dead letters again, by their IDs.',
    input: z.object({ ids: z.array(z.int().min(1)).min(1).max(1000) }),
    kind: 'writes',
    requests: (body) => one('post', '/api/dead-letters/retry', { body }),
  },
  {
    name: 'heal',
    title: 'Heal',
    description:
      'Verifies a random sample and sends the customers again that differ or are missing. Nothing is ever deleted.',
    input: z.object({ sample: z.int().min(1).max(500).default(100) }),
    kind: 'writes',
    requests: ({ sample }) => one('post', '/api/verify', { body: { sample, heal: true } }),
  },
  {
    name: 'pause',
    title: 'Pause a source',
    description: 'Stops reading a source until it is resumed.',
    input: z.object({ source, reason: z.string().min(1).max(500) }),
    kind: 'writes',
    requests: ({ source, reason }) =>
      one('post', '/api/sources/{source}/pause', { path: { source }, body: { reason } }),
  },
  {
    name: 'resume',
    title: 'Resume a source',
    description: 'Reads a paused source again.',
    input: z.object({ source }),
    kind: 'writes',
    requests: ({ source }) => one('post', '/api/sources/{source}/resume', { path: { source } }),
  },
];

/** `write`: it may also have something done. `hasWorker`: somebody carries out a verification that is asked for. */
export function agentTools({
  write,
  hasWorker,
}: {
  write: boolean;
  hasWorker: boolean;
}): readonly AgentTool[] {
  const tools = write ? [...reading, ...asking, ...writing] : [...reading, ...asking];
  return tools.filter(({ name }) => hasWorker || name !== 'verify');
}
