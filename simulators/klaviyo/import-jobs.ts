// Import jobs of a Klaviyo account: queued, then worked on, then complete with the errors of single profiles (reference
// cep/klaviyo.md §7). It knows no HTTP.
import type { Profiles } from './profiles.ts';

interface ImportedProfile {
  id?: string;
  attributes?: { [name: string]: unknown };
}

interface Job {
  id: string;
  createdMs: number;
  profiles: ImportedProfile[];
  isDone: boolean;
  errors: object[];
}

/** Why a profile cannot be imported, or nothing. */
export type ImportFault = (profile: ImportedProfile) => string | undefined;

export class ImportJobs {
  readonly #profiles: Profiles;
  readonly #now: () => number;
  readonly #takesMs: number;
  readonly #fault: ImportFault;
  readonly #jobs = new Map<string, Job>();

  constructor(options: { profiles: Profiles; now: () => number; takesMs: number; fault: ImportFault }) {
    this.#profiles = options.profiles;
    this.#now = options.now;
    this.#takesMs = options.takesMs;
    this.#fault = options.fault;
  }

  begin(profiles: ImportedProfile[]) {
    // Opaque, and of characters that a path must escape.
    const id = Buffer.from(`profile_bulk_import_job:${this.#jobs.size + 1}?`).toString('base64');
    const job: Job = { id, createdMs: this.#now(), profiles, isDone: false, errors: [] };
    this.#jobs.set(id, job);
    return this.show(id);
  }

  show(id: string) {
    const job = this.#settled(id);
    if (!job) return undefined;
    const { createdMs, profiles, isDone, errors } = job;
    const created_at = new Date(createdMs).toISOString();
    return {
      type: 'profile-bulk-import-job',
      id,
      attributes: {
        status: isDone ? 'complete' : 'queued',
        created_at,
        total_count: profiles.length,
        completed_count: isDone ? profiles.length - errors.length : 0,
        failed_count: errors.length,
        started_at: isDone ? created_at : null,
        completed_at: isDone ? new Date(createdMs + this.#takesMs).toISOString() : null,
        expires_at: new Date(createdMs + 7 * 86_400_000).toISOString(),
      },
    };
  }

  errors(id: string): object[] | undefined {
    return this.#settled(id)?.errors;
  }

  /** All that is due by now is done. */
  settle(): void {
    for (const id of this.#jobs.keys()) this.#settled(id);
  }

  #settled(id: string): Job | undefined {
    const job = this.#jobs.get(id);
    if (job && !job.isDone && this.#now() >= job.createdMs + this.#takesMs) {
      job.isDone = true;
      job.profiles.forEach((profile, place) => {
        const detail = this.#fault(profile);
        if (detail === undefined) this.#profiles.upsert(profile.id, profile.attributes ?? {});
        else
          job.errors.push({
            type: 'import-error',
            id: `${id}-${place}`,
            attributes: {
              code: 'invalid',
              title: 'Invalid input.',
              detail,
              source: { pointer: `/data/attributes/profiles/data/${place}` },
              original_payload: { ...profile.attributes, ...(profile.id && { id: profile.id }) },
            },
          });
      });
    }
    return job;
  }
}
