// A proposed mapping over HTTP: what it would make of the stored records. Nothing is written.
import { createRoute, z } from '@hono/zod-openapi';
import type { Tributary } from '../../app/app.ts';
import type { Config } from '../../config.ts';
import type { MetadataSchema } from '../../connector.ts';
import { Rules } from '../../sync/intake/rules.ts';
import { type PreviewOptions, type PreviewReport, preview } from '../../sync/preview/preview.ts';
import { requireSchema } from '../known-schema.ts';
import { Problem, problems } from '../problem.ts';
import { proposedParts, proposedWhole } from '../proposal.ts';
import { newApi, type Room } from '../room.ts';
import { jsonOf, secured, text } from './shapes.ts';

const mostPayloads = 1000;

const anything = z.record(z.string(), z.any());

const body = z
  .strictObject({
    config: anything.optional().openapi({
      description:
        'A whole configuration, as its file would hold it. The environment is not read for it: a setting that refers to it is the one configured now.',
    }),
    mapping: z
      .record(text, anything)
      .optional()
      .openapi({ description: 'Instead of `config`: by source, the mapping it would have.' }),
    merge: anything.optional().openapi({ description: 'Instead of `config`: the merge there would be.' }),
    payloads: z
      .union([z.int().min(0).max(mostPayloads), z.array(text.min(1)).min(1).max(mostPayloads)])
      .default(0)
      .openapi({ description: 'So many exact payloads, or those of these source IDs.' }),
    samples: z.int().min(0).max(100).default(5).openapi({ description: 'Of each group so many are named.' }),
  })
  .superRefine(({ config, mapping, merge }, context) => {
    const isPart = mapping !== undefined || merge !== undefined;
    if ((config === undefined) === isPart) return;
    const message = 'a configuration, or else a mapping or a merge';
    context.addIssue({ code: 'custom', path: ['config'], message });
  })
  .openapi('PreviewRequest');

const count = z.int().min(0);

const group = z
  .strictObject({
    count,
    samples: z.array(
      z.strictObject({ sourceId: z.string(), from: z.any().optional(), to: z.any().optional() }),
    ),
  })
  .openapi('Group');

/** What previews and dry runs have in common. */
const differences = {
  differs: z.boolean().openapi({ description: 'False: nothing would change.' }),
  summary: z.string().openapi({ example: '1,204 customers: phone changes; 3 lose birthdate' }),
  customers: z.strictObject({
    looked: count,
    differing: count.openapi({ description: 'Whose fields would differ.' }),
    created: group,
    left: group.openapi({ description: 'No record would speak of them any more.' }),
    returned: group,
  }),
  fields: z.array(
    z.strictObject({ field: z.string(), set: group, changed: group, cleared: group, dropped: group }),
  ),
  kinds: z.array(z.strictObject({ sentence: z.string(), count, sourceIds: z.array(z.string()) })),
  writes: z.strictObject({
    customers: count,
    removed: count,
    payloadBytes: count,
    calls: z.strictObject({ single: count, bulk: count, reads: count, total: count }),
    payloads: z.array(z.strictObject({ sourceId: z.string(), payload: z.any() })),
  }),
  notes: z.array(z.string()),
};

const previewShape = z
  .strictObject({
    ...differences,
    records: z.strictObject({
      looked: count,
      filtered: group,
      letIn: group,
      moved: group,
      staying: group,
      joined: group,
    }),
    faults: z.array(
      z.strictObject({ source: z.string(), field: z.string(), newlyFaulty: group, noLongerFaulty: group }),
    ),
    unread: z
      .array(z.strictObject({ source: z.string(), properties: z.array(z.string()) }))
      .openapi({ description: 'What the proposal reads and no record has: only a full sync brings it.' }),
    sources: z.strictObject({ added: z.array(z.string()), removed: z.array(z.string()) }),
  })
  .openapi('Preview');

export const dryRunShape = z
  .strictObject({ ...differences, counts: z.record(z.string(), count), pages: count })
  .openapi('DryRun');

const route = createRoute({
  method: 'post',
  path: '/api/preview',
  summary: 'What a changed mapping would do',
  description:
    'Maps every stored record by a proposed configuration and compares. It takes a while where there are many; one at a time.',
  tags: ['preview'],
  security: secured,
  request: { body: { required: true, content: jsonOf(body) } },
  responses: {
    200: { description: 'The differences, grouped.', content: jsonOf(previewShape) },
    ...problems(400, 409, 413, 415, 503),
  },
});

export function previewApi(room: Room) {
  const { tributary } = room;
  let isGoing = false;
  return newApi().openapi(route, async (c) => {
    const { config, mapping, merge, payloads, samples } = c.req.valid('json');
    const { sources, destination } = tributary.config;
    const connectors = room.connectors ?? [
      ...sources.map(({ connector }) => connector),
      destination.connector,
    ];
    const proposed = config
      ? proposedWhole(config, tributary.config, connectors)
      : proposedParts({ mapping, merge }, tributary.config);
    if (isGoing)
      throw new Problem(409, 'Another preview is being made. Ask again when it is done.', {
        type: 'still-going',
      });
    isGoing = true;
    try {
      if (proposed.metadataSchema === 'destination') await requireSchema(tributary);
      const options = { payloads, samples, signal: c.req.raw.signal };
      return c.json(await previewConfig(tributary, proposed, options), 200);
    } finally {
      isGoing = false;
    }
  });
}

/** What a checked configuration would make of what this Tributary has stored. */
export async function previewConfig(
  tributary: Tributary,
  proposed: Config,
  options: Pick<PreviewOptions, 'payloads' | 'samples' | 'signal'>,
): Promise<PreviewReport> {
  if (!tributary.schemaIsKnown) await tributary.refreshSchema();
  const { connector } = proposed.destination;
  const settings = tributary.settingsOf(proposed.destination);
  return preview(tributary.database, {
    present: tributary.rules,
    proposed: new Rules(proposed, schemaOf(tributary, proposed)),
    sending: { destination: connector.destination!, settings, onOrphaned: proposed.onOrphaned },
    ...options,
  });
}

function schemaOf({ rules }: Tributary, { metadataSchema }: Config): MetadataSchema | null {
  if (typeof metadataSchema === 'object') return metadataSchema;
  return metadataSchema === 'none' ? null : rules.schema;
}
