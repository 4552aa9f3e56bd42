// What a probe finds out of Voucherify, whichever way the real one behaves where its documents leave it open, and that
// nothing of it stays, also where it fails midway.

import { describe, expect, it } from 'vitest';
import { voucherify } from '../../connectors/voucherify/index.ts';
import { fitting, probeMetadata } from '../../connectors/voucherify/probe-metadata.ts';
import {
  createVoucherifySimulator,
  type MetadataSchema,
  type VoucherifyOptions,
} from '../../simulators/voucherify.ts';
import type { ProbeAnswers } from '../../src/connector/probe.ts';
import type { MetadataDefinition } from '../../src/connector.ts';
import { checkMetadata } from '../../src/customer/metadata.ts';
import type { Clock } from '../../src/engine/clock.ts';
import { createLog } from '../../src/engine/log/log.ts';
import { carryProbe, ProbeError, throwawayPrefix } from '../../src/sync/probe/probe.ts';
import { directApi } from '../support/direct-api.ts';
import { fc } from '../support/properties.ts';

const keys = { appId: 'app', appToken: 'token' };

const destination = voucherify.destination!;

const probe = destination.probe!;

/** Short waits pass at once; a limit on a call is never reached. */
class Waits implements Clock {
  #now = Date.parse('2026-03-01T00:00:00Z');
  now = () => this.#now;
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
    if (milliseconds < 60_000) this.#now += milliseconds;
    else return new Promise((resolve) => signal?.addEventListener('abort', () => resolve()));
    return Promise.resolve();
  }
}

function project(options: Partial<VoucherifyOptions> = {}, given: object = {}) {
  const clock = new Waits();
  const simulator = createVoucherifySimulator({ now: clock.now, ...keys, ...options });
  const settings = voucherify.settings.parse({ ...keys, ...given });
  const api = directApi(simulator.app, voucherify.api!(settings), clock.now);
  const log = createLog({ level: 'silent' });
  const carry = () => carryProbe({ clock, log, destination, settings, api: () => api }, probe);
  /** Every customer that is held, softly deleted ones too. */
  const held = () => {
    const { customers, deleted } = simulator.snapshot().truth;
    return [...customers, ...deleted].map((customer) => customer.source_id ?? customer.id);
  };
  return { simulator, settings, carry, held };
}

const said = (answers: ProbeAnswers) =>
  Object.fromEntries(Object.entries(answers).map(([question, { answer }]) => [question, answer]));

const provenBy = (answers: ProbeAnswers, given: object = {}) =>
  probe.proven(voucherify.settings.parse({ ...keys, ...given }), answers) as Record<string, unknown>;

const behaviours = (['merge', 'replace'] as const).flatMap((metadataWrites) =>
  (['clear', 'keep-null', 'ignore', 'reject'] as const).flatMap((nullWrites) =>
    (['keep-null', 'clear'] as const).flatMap((nestedNulls) =>
      (['fails-alone', 'fails-all'] as const).map((badBulkRecord) => ({
        metadataWrites,
        nullWrites,
        nestedNulls,
        badBulkRecord,
      })),
    ),
  ),
);

describe('a probe', () => {
  it.each(behaviours)('finds out %j', async (options) => {
    const { carry, held } = project(options);
    const { answers, calls, notDeleted } = await carry();
    const nullAnswers = { clear: 'clears', 'keep-null': 'stays null', ignore: 'ignored', reject: 'refused' };
    const nested = options.nestedNulls === 'clear' ? 'clears' : 'stays null';
    expect(said(answers)).toEqual({
      metadataWrites: options.metadataWrites,
      addressWrites: options.metadataWrites,
      omittedAttributes: 'kept',
      phonePrefix: 'as sent',
      birthdateForm: 'date',
      nullAttribute: nullAnswers[options.nullWrites],
      nullBirthdate: nullAnswers[options.nullWrites],
      emptyAttribute: 'stays empty',
      nullAddress: nested,
      emptyAddress: 'stays empty',
      nullMetadata: nested,
      bulk: 'accepted',
      ...(options.metadataWrites === 'merge' && { bulkWrites: 'merge' }),
      bulkDuplicates: 'last wins',
      badBulkRecord: options.badBulkRecord === 'fails-alone' ? 'fails alone' : 'fails all',
      unknownId: 'refused',
    });
    expect({ notDeleted, held: held() }).toEqual({ notDeleted: [], held: [] });
    expect(calls).toBeLessThanOrEqual(options.nullWrites === 'reject' ? 26 : 20);
    expect(provenBy(answers)).toMatchObject({
      metadataWrites: options.metadataWrites,
      clearWith: options.nullWrites === 'ignore' || options.nullWrites === 'reject' ? '' : null,
      bulk: true,
    });
  });

  it('takes 17 calls, two of them in bulk, where all goes well', async () => {
    const { simulator, carry } = project();
    expect((await carry()).calls).toBe(17);
    const bulk = [...simulator.requests].filter(([route]) => route.startsWith('POST /v1/customers/bulk'));
    expect(bulk.map(([, count]) => count)).toEqual([2]);
  });

  it('sees a prefix that is put before a phone number, and bulk that takes its time', async () => {
    const bulkProcessing = { waitMs: 9_000, recordMs: 10 };
    const { answers } = await project({ dialingPrefix: '+44', bulkProcessing }).carry();
    expect(said(answers)).toMatchObject({
      phonePrefix: 'changed',
      bulk: 'accepted',
      bulkDuplicates: 'last wins',
    });
    expect(answers['phonePrefix']!.evidence).toContain('+4407700900000');
  });

  it('turns bulk off only where bulk itself is refused', async () => {
    const capped = await project({ bulkRecordCap: 2 }).carry();
    expect(said(capped.answers)).toMatchObject({ bulk: 'refused' });
    expect(provenBy(capped.answers)).toMatchObject({ bulk: false, metadataWrites: 'merge' });
    const faults: VoucherifyOptions['faults'] = (_request, route) =>
      route === 'POST /v1/customers/bulk/async'
        ? Response.json({ code: 402, key: 'payment_required', message: 'Not in your plan' }, { status: 402 })
        : undefined;
    const { carry, held } = project({ faults });
    expect(provenBy((await carry()).answers).bulk).toBe(false);
    expect(held()).toEqual([]);
  });

  it('believes no single refusal of the credentials', async () => {
    const refused = new Map<string, number>();
    const { carry, held } = project({
      faults: (_request, route) => {
        const before = refused.get(route) ?? 0;
        refused.set(route, before + 1);
        return before === 0
          ? Response.json({ code: 401, key: 'unauthorized', message: 'Unauthorized' }, { status: 401 })
          : undefined;
      },
    });
    const { answers, notDeleted } = await carry();
    expect(said(answers)).toEqual(said((await project().carry()).answers));
    expect({ notDeleted, held: held() }).toEqual({ notDeleted: [], held: [] });
  });

  it('takes a read that shows a customer as before the last write for no answer', async () => {
    let created: object | undefined;
    let writes = 0;
    const { simulator, carry } = project({
      metadataWrites: 'replace',
      faults: (request, route) => {
        if (route === 'POST /v1/customers') writes += 1;
        const path = new URL(request.url).pathname;
        if (writes === 2 && route === 'POST /v1/customers')
          [created] = [...simulator.customers()].map((one) => ({ object: 'customer', ...one }));
        const isRead =
          route === 'GET /v1/customers/:customerId' && writes === 2 && path.includes('tributary');
        return isRead && created ? Response.json(created) : undefined;
      },
    });
    const { answers } = await carry();
    expect(answers['metadataWrites']).toBeUndefined();
    expect(provenBy(answers)['metadataWrites']).toBe('replace');
  });

  it('tells bulk that takes no repeats from bulk that is refused', async () => {
    const { answers } = await project({
      faults: async (request, route) => {
        if (route !== 'POST /v1/customers/bulk/async') return undefined;
        const ids = ((await request.clone().json()) as { source_id: string }[]).map((one) => one.source_id);
        return new Set(ids).size < ids.length
          ? Response.json({ code: 400, key: 'invalid_payload', message: 'Twice' }, { status: 400 })
          : undefined;
      },
    }).carry();
    expect(said(answers)).toMatchObject({ bulk: 'accepted', bulkWrites: 'merge', bulkDuplicates: 'refused' });
  });

  it('does not call writes merging where bulk replaces, or was not tried', async () => {
    let inBulk = false;
    const options: Partial<VoucherifyOptions> = {
      get metadataWrites() {
        return inBulk ? ('replace' as const) : ('merge' as const);
      },
      faults: (_request, route) => {
        inBulk = route === 'POST /v1/customers/bulk/async';
        return undefined;
      },
    };
    const clock = new Waits();
    // Not spread: the option is asked anew with each write.
    const simulator = createVoucherifySimulator(Object.assign(options, { now: clock.now, ...keys }));
    const settings = voucherify.settings.parse(keys);
    const api = directApi(simulator.app, voucherify.api!(settings), clock.now);
    const log = createLog({ level: 'silent' });
    const { answers } = await carryProbe({ clock, log, destination, settings, api: () => api }, probe);
    expect(said(answers)).toMatchObject({ metadataWrites: 'merge', bulkWrites: 'replace' });
    expect(provenBy(answers).metadataWrites).toBe('replace');
    expect(provenBy(answers, { bulk: false }).metadataWrites).toBe('merge');
    const untried = await project({}, { bulk: false }).carry();
    expect(said(untried.answers)).not.toHaveProperty('bulk');
    expect(provenBy(untried.answers).metadataWrites).toBe('replace');
    expect(provenBy(untried.answers, { bulk: false }).metadataWrites).toBe('merge');
  });

  const required: MetadataSchema = {
    properties: {
      plan: { type: 'string', optional: false, eq: ['gold', 'silver'] },
      points: { type: 'number', optional: false, gt: 10, lt: 20 },
      note: { type: 'string' },
      hint: { type: 'string' },
    },
    allow_defined_only: true,
  };

  it.each(['result', 'payload', 'creation-only'] as const)(
    'keeps to a schema that is closed and demands keys of every %s',
    async (requiredMetadata) => {
      const { carry, held } = project({ metadataSchema: required, requiredMetadata });
      const { answers } = await carry();
      expect(said(answers)).toMatchObject({
        metadataWrites: requiredMetadata === 'payload' ? 'refused' : 'merge',
        addressWrites: 'merge',
        nullMetadata: 'stays null',
        bulk: 'accepted',
      });
      expect(provenBy(answers).metadataWrites).toBe(requiredMetadata === 'payload' ? 'replace' : 'merge');
      expect(held()).toEqual([]);
    },
  );

  it('leaves metadata open where a closed schema has no keys to try', async () => {
    const metadataSchema: MetadataSchema = {
      properties: { points: { type: 'number' } },
      allow_defined_only: true,
    };
    const { answers } = await project({ metadataSchema }).carry();
    expect(said(answers)).not.toHaveProperty('metadataWrites');
    expect(said(answers)).toMatchObject({ addressWrites: 'merge' });
    expect(provenBy(answers).metadataWrites).toBe('replace');
  });

  it('ends where the throwaway customer is refused, and leaves nothing', async () => {
    const metadataSchema: MetadataSchema = {
      properties: { code: { type: 'string', optional: false, eq: ['a'], ne: ['a'] } },
    };
    const { carry, held } = project({ metadataSchema });
    const error = await carry().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ProbeError);
    expect((error as ProbeError).notDeleted).toEqual([]);
    expect(held()).toEqual([]);
  });

  it.each(Array.from({ length: 13 }, (_, index) => index + 1))(
    'takes its customers away and says nothing wrong where from request %i on all but removals fail',
    async (from) => {
      let asked = 0;
      const { carry, held } = project({
        faults: (request) => {
          asked += 1;
          const removes = request.method === 'DELETE' || request.url.endsWith('/permanent-deletion');
          return asked >= from && !removes ? 'apply-then-drop' : undefined;
        },
      });
      const probed = await carry().catch((thrown: unknown) => thrown);
      if (probed instanceof ProbeError) expect(from).toBeLessThanOrEqual(2);
      const answers = probed instanceof ProbeError ? {} : (probed as { answers: ProbeAnswers }).answers;
      const whole = said((await project().carry()).answers);
      for (const [question, answer] of Object.entries(said(answers))) expect(answer).toBe(whole[question]);
      expect(held()).toEqual([]);
    },
  );

  it('goes on over refusals that pass, and removes softly where nothing may be removed for good', async () => {
    let asked = 0;
    const { simulator, carry, held } = project({
      faults: (request) => {
        asked += 1;
        if (request.url.endsWith('/permanent-deletion'))
          return Response.json({ code: 403, key: 'forbidden', message: 'No' }, { status: 403 });
        return asked % 2 === 0 ? new Response('busy', { status: 503 }) : undefined;
      },
    });
    expect(said((await carry()).answers)).toMatchObject({
      metadataWrites: 'merge',
      bulkDuplicates: 'last wins',
    });
    expect([...simulator.customers()]).toEqual([]);
    expect(held().every((id) => id.startsWith(throwawayPrefix) && id.includes('_deleted'))).toBe(true);
  });

  it('names the customers that it could not take away', async () => {
    const { carry, held } = project({
      faults: (request) =>
        request.method === 'DELETE' || request.url.endsWith('/permanent-deletion') ? 'drop' : undefined,
    });
    const { notDeleted } = await carry();
    expect(notDeleted.length).toBeGreaterThanOrEqual(3);
    for (const sourceId of held()) expect(notDeleted).toContain(sourceId);
  });
});

describe('settings against what was proven', () => {
  it('stay as they are set, and the contradiction is reported', async () => {
    const { answers } = await project({
      metadataWrites: 'replace',
      nullWrites: 'reject',
      bulkRecordCap: 1,
    }).carry();
    const given = { metadataWrites: 'merge', clearWith: null, bulk: true };
    expect(provenBy(answers, given)).toMatchObject(given);
    const told = probe.contradictions(voucherify.settings.parse({ ...keys, ...given }), answers);
    expect(told.map((sentence) => sentence.split(' ')[0])).toEqual(['metadataWrites', 'clearWith', 'bulk']);
    expect(probe.contradictions(voucherify.settings.parse(keys), answers)).toEqual([]);
    const merging = (await project().carry()).answers;
    expect(
      probe.contradictions(
        voucherify.settings.parse({ ...keys, metadataWrites: 'replace', clearWith: '' }),
        merging,
      ),
    ).toEqual([expect.stringContaining('costs an unnecessary read')]);
  });
});

describe('metadata for a throwaway customer', () => {
  const definition: fc.Arbitrary<MetadataDefinition> = fc
    .record({
      type: fc.constantFrom('string', 'number', 'boolean', 'date', 'datetime', 'image_url', 'geopoint'),
      array: fc.boolean(),
      required: fc.constant(true),
      low: fc.option(fc.integer({ min: -50, max: 50 })),
      span: fc.integer({ min: 2, max: 90 }),
      length: fc.option(fc.integer({ min: 1, max: 60 })),
    })
    .map(({ low, span, length, type, ...rest }) => ({
      ...rest,
      type: type as MetadataDefinition['type'],
      ...(type === 'number' && low !== null && { moreThan: low, atMost: low + span }),
      ...(type === 'string' && length !== null && { minLength: length, maxLength: length + span }),
    }));

  it('fits every definition', () => {
    fc.assert(
      fc.property(definition, (one) => {
        expect(checkMetadata(fitting(one)!, one)).toHaveProperty('value');
      }),
    );
  });

  it('does not exist if no value fits', () => {
    const never: MetadataDefinition = {
      type: 'boolean',
      array: false,
      required: true,
      noneOf: [true, false],
    };
    expect(probeMetadata({ definedOnly: false, definitions: { never } }).required).toBeNull();
  });
});
