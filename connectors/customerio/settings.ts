// The settings of a Customer.io workspace.
import { z } from 'zod';
import { authoredBody } from '#connector/authored';
import { baseUrl, otherUrl, quotaWindows, secrets, token } from '#connector/settings';

const trackHosts = { us: 'https://track.customer.io', eu: 'https://track-eu.customer.io' };
const hosts = { us: 'https://api.customer.io', eu: 'https://api-eu.customer.io' };

/**
 * Seven days and an hour. Customer.io repeats a call for seven days and sends nothing else before it is taken; whether
 * a repeat is stamped and signed anew is not told. With a short tolerance an outage of ours could so end in seven days
 * of refusals. What an old request may do is little: `event_id` lets each through once.
 */
const patientSeconds = 7 * 86_400 + 3600;

const shape = z.strictObject({
  webhookSecret: secrets
    .optional()
    .describe(
      'The signing keys of webhooks, as a list: that of the reporting webhook and that of the "Send and receive data" actions of the workspace.',
    ),
  appKey: token('an App API key')
    .optional()
    .describe(
      'An App API key. If set, people are read when an event names them, and with a schedule they are exported; otherwise only events count.',
    ),
  changedSegment: z
    .strictObject({
      id: z.int().min(1).describe('The number of the segment, which is in its URL.'),
      hours: z.int().min(2).describe('For how many hours a person stays in it after a change.'),
    })
    .optional()
    .describe(
      'A data-driven segment with the people that changed in the last hours, which increments export: {id, hours}. Default: only full readings export people.',
    ),
  region: z.enum(['us', 'eu']).default('us').describe('The region of the workspace: "us" (default) or "eu".'),
  baseUrl: baseUrl(hosts.us)
    .removeDefault()
    .optional()
    .describe('The URL of the App API. Default: that of the region.'),
  track: z
    .strictObject({
      siteId: token('a site ID').describe('The site ID of the workspace.'),
      apiKey: token('a Track API key').describe('The Track API key that belongs to the site ID.'),
      baseUrl: otherUrl(trackHosts.us, 'The URL of the Track API. Default: that of the region.'),
    })
    .optional()
    .describe(
      'The credentials of the Track API, with which write-back writes: {siteId, apiKey}. Default: nothing can be written.',
    ),
  readBy: z
    .enum(['batch', 'single'])
    .default('batch')
    .describe('How people are read: "batch" (default), a hundred per call, or "single", one per call.'),
  journeys: authoredBody,
  toleranceSeconds: z
    .int()
    .min(60)
    .max(30 * 86_400)
    .default(patientSeconds)
    .describe(
      'The maximum difference between the time of a signature and the clock of the server, seconds. Default: seven days and an hour, as long as Customer.io repeats a request.',
    ),
  quota: quotaWindows
    .default([{ requests: 10, seconds: 1 }])
    .describe(
      'The quota of reads, a window or a list of windows. Default: 10 calls per second, the limit of a workspace.',
    ),
});

export const settings = shape.refine(
  ({ appKey, changedSegment }) => !changedSegment || appKey !== undefined,
  {
    path: ['changedSegment'],
    error: 'needs appKey as well',
  },
);

export type Settings = z.infer<typeof settings>;

export function trackUrl({ track, region }: Settings): string {
  return track?.baseUrl ?? trackHosts[region];
}

export function apiUrl({ baseUrl, region }: Settings): string {
  return baseUrl ?? hosts[region];
}
