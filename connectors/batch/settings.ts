// The settings of a Batch project. They do not know what is read.
import { z } from 'zod';
import { absentIsEmpty, apiVersion, baseUrl, quota, token } from '#connector/settings';

const path = z.string().min(1);

export const settings = z.strictObject({
  apiKey: token('a1b2c3…').describe('The REST API key of the project (Settings, API).'),
  projectKey: token('project_…').describe('The project key (Settings, API).'),
  apiVersion: apiVersion('2.11', /^2\.\d+$/),
  baseUrl: baseUrl('https://api.batch.com'),
  rows: z
    .enum(['list', 'lines'])
    .default('list')
    .describe(
      'How the files of an export are written: "list", one JSON list (default), or "lines", an object on each line.',
    ),
  idPath: path
    .default('identifiers.custom_id')
    .describe('The path of the custom ID in a row. Default: identifiers.custom_id.'),
  attributesPath: path
    .default('attributes')
    .describe('The path of the attributes in a row. Default: attributes.'),
  absentIsEmpty,
  maxWaitHours: z
    .number()
    .positive()
    .max(24)
    .default(6)
    .describe('How long an export is waited for, hours. Default: 6.'),
  quota: quota([{ requests: 2, seconds: 1 }], 'Batch publishes none for exports.'),
});

export type Settings = z.infer<typeof settings>;
