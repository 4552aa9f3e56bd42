// One stream of a connector that is pulled from a simulator, in a test: the clock, the cursor and a fault are the test's.
import type { Hono } from 'hono';
import type { Connector, Context, Json, Page, SourceRecord } from '#connector';
import { directApi } from '../support/direct-api.ts';
import type { OpenWorld } from './conformance.ts';

export const start = Date.parse('2026-11-02T08:00:00.000Z');

/** Answers in place of the simulator, or undefined. */
export type Fault = (path: string) => Response | undefined;

interface Hooks {
  now(): number;
  faults(path: string): Response | undefined;
}

export class Account<Simulator extends { app: Pick<Hono, 'request'> }> {
  now = start;
  readonly simulator: Simulator;
  readonly settings: unknown;
  fault: Fault | null = null;
  cursor: Json | null = null;
  /** How far reading stays behind the clock, as a trailing reader does, milliseconds. */
  lagMs = 0;
  readonly #connector: Connector;
  readonly #headers: { [name: string]: string };

  /** `headers`: those that the engine would add for `auth`. */
  constructor(
    connector: Connector,
    settings: object,
    headers: { [name: string]: string },
    create: (hooks: Hooks) => Simulator,
  ) {
    this.#connector = connector;
    this.#headers = headers;
    this.settings = connector.settings.parse({ baseUrl: 'https://vendor.example.com', ...settings });
    this.simulator = create({ now: () => this.now, faults: (path) => this.fault?.(path) });
  }

  get stream() {
    const source = this.#connector.source!;
    return (source.streamsFor?.(this.settings) ?? source.streams)[0]!;
  }

  context(): Context<unknown> {
    const noFiles = () => {
      throw new Error('no file is read');
    };
    const description = this.#connector.api!(this.settings);
    const headers = { ...description.headers, ...this.#headers };
    const api = directApi(this.simulator.app, { ...description, headers }, () => this.now);
    return { settings: this.settings, api, files: { stat: noFiles, open: noFiles }, now: this.now };
  }

  async page(pull = this.stream.pull!): Promise<Page> {
    const until = this.now - this.lagMs;
    const page = await pull(this.context(), { cursor: this.cursor, until, properties: [] });
    this.cursor = JSON.parse(JSON.stringify(page.cursor));
    return page;
  }

  async toRest(between: () => void = () => {}, pull = this.stream.pull!): Promise<SourceRecord[]> {
    const records: SourceRecord[] = [];
    for (let turn = 0; turn < 200; turn += 1) {
      const page = await this.page(pull);
      records.push(...page.records);
      if (page.done) return records;
      between();
    }
    throw new Error('pulling does not come to rest');
  }

  read(...recordIds: string[]) {
    return this.stream.read!.records(this.context(), { recordIds, properties: [] });
  }

  /** The error of a pull, or null. */
  refusal(): Promise<unknown> {
    return this.page().then(
      () => null,
      (error: unknown) => error,
    );
  }

  /** Its world for the kit. `faults`: how everything fails, one way after another. */
  world(
    faults: readonly Fault[],
    own: Omit<OpenWorld, 'settings' | 'context' | 'advance' | 'ruin'>,
  ): OpenWorld {
    const left = [...faults];
    return {
      ...own,
      settings: this.settings,
      context: () => this.context(),
      advance: (milliseconds) => {
        this.now += milliseconds;
      },
      ruin: async () => {
        this.fault = left.shift() ?? null;
        return this.fault !== null;
      },
    };
  }

  check() {
    return this.#connector.check!(this.context());
  }
}

export const ids = (records: readonly SourceRecord[]) => records.map(({ recordId }) => recordId);
