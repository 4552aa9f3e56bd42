// All users, and those that changed, by the export of a segment.
// https://www.braze.com/docs/api/endpoints/export/user_data/post_users_segment
import { type BulkExport, type Json, RejectedError } from '#connector';
import { objectOf, wordOf } from '#connector/reading';
import { fieldsFor, segmentPath } from './export.ts';
import type { Settings } from './settings.ts';
import { bodyOf } from './users.ts';

const hourMs = 3_600_000;

/**
 * Braze lists no exports, so that a lost one is ordered again; while the first one runs, Braze refuses it. The address is
 * answered at once, and the storage refuses it until the file is there.
 */
export function bulkExportOf({ changedSegment }: Pick<Settings, 'changedSegment'>): BulkExport<Settings> {
  return {
    minRecords: () => 0,
    format: 'zipped json lines',
    notYet: [403, 404],
    maxWaitSeconds: 4 * 3600,
    ...(changedSegment && { changes: { lagSeconds: 0, overlapSeconds: 3600 } }),
    cost: { rowsPerFile: Number.MAX_SAFE_INTEGER },

    async begin({ api, settings, now }, { since, properties }) {
      const isRecent = since !== null && changedSegment && now - since <= changedSegment.hours * hourMs;
      const { json } = await api.request({
        method: 'POST',
        path: segmentPath,
        json: {
          segment_id: isRecent ? changedSegment.id : (settings.segmentId ?? ''),
          fields_to_export: fieldsOf(properties),
        },
        isAnswer: (json) => wordOf(objectOf(json)['object_prefix']) !== undefined,
      });
      const url = wordOf(objectOf(json)['url']);
      if (url !== undefined) return url;
      throw new RejectedError(
        'Braze names no address of the export, because it writes exports of this workspace into its own storage (S3, Azure or Google Cloud): remove the credentials of the storage, or segmentId.',
        { code: 'own_storage' },
      );
    },

    // Only the storage says when the file is there.
    poll: async () => ({}),
    file: async (_context, url) => ({ url: String(url), next: null }),

    rowReader({ asOf, properties }) {
      const fields = fieldsFor(properties);
      return ({ braze_id: brazeId, ...row }) => {
        const recordId = wordOf(row['external_id']);
        // Somebody anonymous, or of whom the export leaves the ID out.
        if (recordId === undefined) return wordOf(brazeId) === undefined ? undefined : null;
        const user: Json = fields.includes('braze_id') ? { ...row, braze_id: brazeId ?? null } : row;
        return { recordId, changedAt: asOf, body: bodyOf(user, recordId, fields, properties) };
      };
    },
  };
}

/** The internal ID is there of everybody, so that it shows what is a user. */
function fieldsOf(properties: readonly string[]): string[] {
  return [...new Set([...fieldsFor(properties), 'braze_id'])];
}
