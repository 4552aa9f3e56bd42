// A proposed mapping over HTTP: what it would make of the stored records. Nothing is written.

import { createRoute } from '@hono/zod-openapi';
import type { z } from 'zod';
import type { Tributary } from '../../app/app.ts';
import type { Config } from '../../config.ts';
import type { MetadataSchema } from '../../connector.ts';
import { type Preview, previewRequest, previewShape } from '../../contract/preview.ts';
import { Rules } from '../../sync/intake/rules.ts';
import { type PreviewOptions, preview } from '../../sync/preview/preview.ts';
import { type Deps, newApi } from '../deps.ts';
import { requireSchema } from '../known-schema.ts';
import { jsonOf, secured } from '../openapi.ts';
import { Problem, problems } from '../problem.ts';
import { proposedParts, proposedWhole } from '../proposal.ts';

const route = createRoute({
  method: 'post',
  path: '/api/preview',
  operationId: 'preview',
  summary: 'What a changed mapping would do',
  description:
    'Maps every stored record by a proposed configuration and compares the results. This takes a while if there are many records. One preview runs at a time.',
  tags: ['preview'],
  security: secured,
  request: { body: { required: true, content: jsonOf(previewRequest) } },
  responses: {
    200: { description: 'The differences, grouped.', content: jsonOf(previewShape) },
    ...problems(400, 409, 413, 415, 503),
  },
});

export function previewApi(deps: Deps) {
  return newApi().openapi(route, async (c) =>
    c.json(await previewProposal(deps, c.req.valid('json'), c.req.raw.signal), 200),
  );
}

/** Previews read all that is stored: one at a time. */
const going = new WeakSet<Tributary>();

/** What a proposal would make of what is stored. Throws Problem where it has faults, or another preview is running. */
export async function previewProposal(
  deps: Deps,
  { config, mapping, merge, payloads, samples }: z.output<typeof previewRequest>,
  signal: AbortSignal,
): Promise<Preview> {
  const { tributary } = deps;
  const { sources, destination } = tributary.config;
  const connectors = deps.connectors ?? [...sources.map(({ connector }) => connector), destination.connector];
  const proposed = config
    ? proposedWhole(config, tributary.config, connectors)
    : proposedParts({ mapping, merge }, tributary.config);
  if (going.has(tributary))
    throw new Problem(409, 'Another preview is running. Retry when it has ended.', {
      type: 'still-going',
    });
  going.add(tributary);
  try {
    if (proposed.metadataSchema === 'destination') await requireSchema(tributary);
    return await previewConfig(tributary, proposed, { payloads, samples, signal });
  } finally {
    going.delete(tributary);
  }
}

/** What a checked configuration would make of what this Tributary has stored. */
export async function previewConfig(
  tributary: Tributary,
  proposed: Config,
  options: Pick<PreviewOptions, 'payloads' | 'samples' | 'signal'>,
): Promise<Preview> {
  if (!tributary.schemaIsKnown) await tributary.refreshSchema();
  await tributary.refreshSegments('person');
  const { connector } = proposed.destination;
  const settings = tributary.settingsOf(proposed.destination);
  const report = await preview(tributary.database, {
    present: tributary.rules,
    proposed: new Rules(proposed, schemaOf(tributary, proposed)),
    sending: { destination: connector.destination!, settings, onOrphaned: proposed.onOrphaned },
    ...options,
  });
  return { ...report, notes: [...proposed.warnings, ...report.notes] };
}

function schemaOf({ rules }: Tributary, { metadataSchema }: Config): MetadataSchema | null {
  if (typeof metadataSchema === 'object') return metadataSchema;
  return metadataSchema === 'none' ? null : rules.schema;
}
