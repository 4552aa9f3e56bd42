// What a changed mapping would do to the stored records, and what previews and dry runs have in common.
import { z } from 'zod';
import { answer, count, json, text } from './parts.ts';
import { blastRadiusShape } from './segment.ts';

const maxPayloads = 1000;

export const group = answer(
  {
    count,
    samples: z.array(answer({ sourceId: z.string(), from: json.optional(), to: json.optional() })),
  },
  'Group',
  'Customers that differ in the same way, with samples.',
);
export type Group = z.output<typeof group>;

/** What previews and dry runs have in common. */
export const differences = {
  differs: z.boolean().meta({ description: 'False: nothing would change.' }),
  summary: z.string().meta({ example: '1,204 customers: phone changes; 3 lose birthdate' }),
  customers: answer({
    looked: count,
    differing: count.meta({ description: 'Customers whose fields would change.' }),
    created: group,
    orphaned: group,
    returned: group,
  }),
  fields: z.array(answer({ field: z.string(), set: group, changed: group, cleared: group, dropped: group })),
  segments: blastRadiusShape.meta({
    description: 'Who would enter and leave which segment of the destination.',
  }),
  kinds: z.array(answer({ sentence: z.string(), count, sourceIds: z.array(z.string()) })),
  writes: answer({
    customers: count,
    removed: count,
    payloadBytes: count,
    calls: answer({ single: count, bulk: count, reads: count, total: count }),
    payloads: z.array(answer({ sourceId: z.string(), payload: json })),
  }),
  notes: z.array(z.string()),
};
const differencesShape = answer(differences);
export type Differences = z.output<typeof differencesShape>;

export const previewShape = answer(
  {
    ...differences,
    records: answer({
      looked: count,
      filtered: group,
      letIn: group,
      moved: group,
      staying: group,
      joined: group,
    }),
    faults: z.array(
      answer({ source: z.string(), field: z.string(), newlyFaulty: group, noLongerFaulty: group }),
    ),
    unread: z.array(answer({ source: z.string(), properties: z.array(z.string()) })).meta({
      description:
        'Properties that the proposal reads and no stored record has. Only a full sync reads them.',
    }),
    sources: answer({ added: z.array(z.string()), removed: z.array(z.string()) }),
  },
  'Preview',
  'What a proposed configuration would do.',
);
export type Preview = z.output<typeof previewShape>;

const anything = z.record(z.string(), z.unknown());

export const previewRequest = z
  .strictObject({
    config: anything.optional().meta({
      description:
        'A complete configuration, as in its file. The environment is not read: a setting that refers to it keeps the value of the present configuration.',
    }),
    mapping: z
      .record(text, anything)
      .optional()
      .meta({ description: 'Instead of `config`: the proposed mappings, by source.' }),
    merge: anything.optional().meta({ description: 'Instead of `config`: the proposed merge.' }),
    payloads: z
      .union([z.int().min(0).max(maxPayloads), z.array(text.min(1)).min(1).max(maxPayloads)])
      .default(0)
      .meta({ description: 'The number of exact payloads, or the source IDs whose payloads are returned.' }),
    samples: z
      .int()
      .min(0)
      .max(100)
      .default(5)
      .meta({ description: 'The number of examples in each group.' }),
  })
  .superRefine(({ config, mapping, merge }, context) => {
    const isPart = mapping !== undefined || merge !== undefined;
    if ((config === undefined) === isPart) return;
    const message = 'a configuration, or a mapping or merge';
    context.addIssue({ code: 'custom', path: ['config'], message });
  })
  .meta({
    id: 'PreviewRequest',
    example: { mapping: { hubspot: { email: 'email', 'metadata.plan': 'plan' } } },
    description: 'A proposed configuration, or parts of one.',
  });
