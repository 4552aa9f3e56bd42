// Files of customers as the CSV connector reads them, page by page as the engine asks. It knows no database.
import { type Context, type Files, type Json, type Page, RejectedError } from '#connector';
import { csv } from '../../connectors/csv.ts';
import { localFiles, type TemporaryFiles } from './local-files.ts';

export const writtenAt = Date.parse('2026-11-02T08:00:00.000Z');

export function csvContext(settings: Record<string, unknown>, local: Files = localFiles()): Context<unknown> {
  const api = { request: () => Promise.reject(new Error('a file needs no API')) };
  return { settings: csv.settings.parse(settings), api, files: local, now: writtenAt };
}

/** All that reading `content` as people.csv gives. */
export async function readCsv(
  files: TemporaryFiles,
  content: string | Uint8Array,
  settings: Record<string, unknown> = {},
  local?: Files,
) {
  const path = await files.write('people.csv', content, writtenAt);
  const context = csvContext({ path, ...settings }, local);
  const pages: Page[] = [];
  let cursor: Json | null = null;
  do {
    const page: Page = await csv.source!.streams[0]!.pull!(context, {
      cursor,
      until: context.now,
      properties: [],
      resumes: pages.length === 0,
    });
    cursor = JSON.parse(JSON.stringify(page.cursor));
    pages.push(page);
  } while (!pages.at(-1)!.done);
  const records = pages.flatMap((page) => page.records);
  return {
    pages,
    records,
    ids: records.map((record) => record.recordId),
    bodies: records.map((record) => record.body),
    rejected: pages.flatMap((page) => page.rejected ?? []),
    notes: pages.flatMap((page) => page.notes ?? []),
  };
}

/** The sentence with which a file is refused whole. */
export async function csvRefusal(
  files: TemporaryFiles,
  content: string | Uint8Array,
  settings: Record<string, unknown> = {},
): Promise<string> {
  try {
    await readCsv(files, content, settings);
  } catch (error) {
    if (error instanceof RejectedError) return error.message;
    throw error;
  }
  throw new Error('the file was read');
}
