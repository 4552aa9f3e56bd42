// What a forecast is made of, and what is asked of it.
import type { Context, WritesQuestion } from '../../connector.ts';
import type { Database } from '../../db/database.ts';
import type { Clock } from '../../engine/clock.ts';
import type { Endpoint } from '../../engine/http/endpoint.ts';
import type { Log } from '../../engine/log/log.ts';
import type { Lane } from '../../engine/quota/lanes.ts';
import type { Sending } from '../deliver/difference.ts';
import type { Source } from '../intake/source.ts';
import type { DryRunReport } from '../preview/dry-run.ts';

export interface Planning {
  database: Database;
  clock: Clock;
  /** What counting calls are made with. */
  context: Context<unknown>;
  /** What the destination's customers are counted with. */
  destinationContext: Context<unknown>;
  /** What ordinary writes would show of how the destination takes objects. */
  openQuestions: readonly WritesQuestion[];
  log: Log;
  source: Source;
  sending: Sending;
  /** Names of the connectors, for sentences. */
  vendors: { source: string; destination: string };
  endpoints: { source: Endpoint | null; destination: Endpoint };
  descriptions: {
    source: Source['description'];
    destination: NonNullable<Source['description']>;
  };
}

export interface PlanRequest {
  mode: 'incremental' | 'full';
  /** Default: that of a run that a person asks for. */
  lane?: Lane;
  /** A person's word on how many records there are. */
  records?: number | undefined;
  /** What a dry run of the same found. */
  exact?: { runId: number; report: DryRunReport } | undefined;
}
