// What `tributary check` and `tributary doctor` try: what the configuration's credentials allow, and names in it that lead
// nowhere. It writes nothing to any vendor.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { apiEnds } from '../app/api-ends.ts';
import type { Environment } from '../config.ts';
import type { MetadataSchema, Permission } from '../connector.ts';
import type { Probe } from '../contract/probe.ts';
import { metadataKey } from '../customer/fields.ts';
import { nearestName } from '../customer/nearest.ts';
import { createLog } from '../engine/log/log.ts';
import type { SourceConfig } from '../sync/intake/source.ts';
import { writePermissions as writePermissionsOf } from '../sync/write-back/permissions.ts';
import { destinationName } from '../tables/pauses.ts';
import { iso } from '../words.ts';
import type { Cli } from './cli.ts';
import type { App } from './deps.ts';
import { sentenceOf } from './errors.ts';
import { probedBefore } from './probe.ts';
import { tokensAreElsewhere, tokensElsewhereNote } from './tokens-elsewhere.ts';

/** Where a source takes webhooks, and whether it does. */
interface CheckedWebhook {
  name: string;
  url: string;
  /** Null where authentication is configured. */
  missing: string | null;
}

export interface Checked {
  /** The source's name, or `destination`. */
  name: string;
  connector: string;
  permissions: Permission[];
}

export interface CheckedApp extends App {
  /** Why it does not work on the configured database, in a sentence; null where it does, or where that is the embedded one. */
  unmigrated: string | null;
}

/**
 * A check must go well beside a running server, which has the embedded database to itself: so it works on an empty one
 * that is thrown away. Its few calls are then counted apart from the server's. A PostgreSQL database that lacks migrations is left
 * as it is: a check must not change what older workers use.
 */
export async function openForCheck(cli: Cli): Promise<CheckedApp> {
  const { environment, ...configured } = await cli.deps.configured();
  const config = configured.config ?? (await cli.deps.loadConfig(environment));
  const directory = mkdtempSync(join(tmpdir(), 'tributary-check-'));
  const remove = () => rmSync(directory, { recursive: true, force: true });
  try {
    const log = createLog({ level: 'silent' });
    const { databaseUrl, databaseDirectUrl, databaseConnections, proxies, secretKey, oldSecretKeys } =
      environment;
    const keys = { secretKey, oldSecretKeys };
    const databases = { databaseUrl, databaseDirectUrl, databaseConnections };
    const opening = { config, ...databases, directory, ...keys, clock: cli.clock, log, proxies };
    let unmigrated: string | null = null;
    const app = await cli.deps.openApp({ ...opening, migrates: false }).catch((error: Error) => {
      if (error.name !== 'UnmigratedError') throw error;
      unmigrated = error.message;
      return cli.deps.openApp({ ...opening, databaseUrl: undefined });
    });
    return { ...app, unmigrated, close: () => app.close().finally(remove) };
  } catch (error) {
    remove();
    throw error;
  }
}

export interface Found {
  checks: Checked[];
  webhooks: CheckedWebhook[];
  /** What was found out of the destination before, and when. Null where nothing was. */
  probed: { probedAt: string; answers: Probe['answers'] } | null;
  /** Vendors that are reached through a proxy, and its host. */
  proxied: { name: string; proxy: string }[];
  warnings: string[];
}

/** Tries everything. */
export async function checkAll(cli: Cli, app: CheckedApp): Promise<Found> {
  const environment = await cli.deps.readEnvironment();
  const found = await checkParts(app, environment, cli.clock.now());
  if (app.unmigrated !== null) return withProbed(found, app, null);
  return withProbed(found, app, await probedBefore(cli, app));
}

/** A permission that is needed is missing. */
export function isRefused({ checks }: Found): boolean {
  return checks.some(({ permissions }) => permissions.some(({ allowed }) => allowed === false));
}

function withProbed(found: Omit<Found, 'probed'>, { tributary }: App, probed: Probe | string | null): Found {
  if (typeof probed === 'string') return { ...found, probed: null, warnings: [...found.warnings, probed] };
  if (probed === null || probed.probedAt === null) return { ...found, probed: null };
  const { connector, settings } = tributary.config.destination;
  const { probedAt, answers } = probed;
  const byQuestion = Object.fromEntries(answers.map(({ question, ...answer }) => [question, answer]));
  const contradictions = connector.destination?.probe?.contradictions(settings, byQuestion) ?? [];
  const warnings = contradictions.map((sentence) => `destination: ${sentence}`);
  return {
    ...found,
    probed: { probedAt: iso(probedAt), answers },
    warnings: [...found.warnings, ...warnings],
  };
}

async function checkParts(
  { tributary }: App,
  environment: Environment,
  now: number,
): Promise<Omit<Found, 'probed'>> {
  const { destination, sources } = tributary.config;
  const parts = [...sources, { name: destinationName, connector: destination.connector }];
  const isTried = ({ name }: { name: string }) => !tokensAreElsewhere(tributary, environment, name);
  const checks = await Promise.all(
    parts.map(async ({ name, connector }) => ({
      name,
      connector: connector.name,
      permissions: isTried({ name })
        ? [
            ...(connector.evidence === 'experimental' ? [experimental] : []),
            ...(await permissionsOf(() => connector.check?.(tributary.contextOf(name)))),
            ...(await writePermissions(tributary, name)),
          ]
        : [tokensElsewhere],
    })),
  );
  const warnings = await Promise.all([
    ...sources.filter(isTried).map((source) => unknownProperties(tributary, source)),
    unknownMetadata(tributary),
  ]);
  const webhooks = webhooksOf(tributary, environment);
  return {
    checks: [...checks, ...deafSources(tributary, webhooks)],
    webhooks,
    proxied: [...tributary.endpoints].flatMap(([name, { proxy }]) =>
      proxy === null ? [] : [{ name, proxy }],
    ),
    warnings: [
      ...tributary.config.warnings,
      ...warnings.flat(),
      ...sources.flatMap(fullReadingWarning),
      ...apiEnds(tributary.config, now).map(({ note }) => note),
      ...addressWarning(tributary.config.publicUrl, webhooks),
    ],
  };
}

/** What the key may write, where something is written back. */
async function writePermissions(tributary: App['tributary'], name: string): Promise<Permission[]> {
  const rule = tributary.writingBack.rules.rule(name);
  if (!rule) return [];
  return writePermissionsOf(rule.writer, tributary.contextOf(name), rule.attributes);
}

function webhooksOf({ config, rules, destinationWebhook }: App['tributary'], at: Environment) {
  const base = config.publicUrl?.replace(/\/+$/, '') ?? `http://${at.host}:${at.port}`;
  const all = [
    ...rules.sources.map(({ name, webhook }) => ({ name, webhook })),
    { name: destinationName, webhook: destinationWebhook },
  ];
  return all.flatMap(({ name, webhook }): CheckedWebhook[] => {
    if (!webhook) return [];
    const { authentication, missing = 'No authentication of requests is configured.' } = webhook;
    return [{ name, url: `${base}/webhooks/${name}`, missing: authentication.length > 0 ? null : missing }];
  });
}

/** Sources that only push, and are not let in: nothing will ever come of them. */
function deafSources({ rules }: App['tributary'], webhooks: readonly CheckedWebhook[]): Checked[] {
  return webhooks.flatMap(({ name, missing }) => {
    const source = rules.source(name);
    if (!source || source.canPull || missing === null) return [];
    const permissions = [{ what: 'take webhooks', allowed: false, note: missing }];
    return [{ name, connector: source.config.connector.name, permissions }];
  });
}

/** Where some changes show in full readings only, and none is scheduled. */
function fullReadingWarning(source: SourceConfig): string[] {
  const { name, connector, settings, schedule, fullSchedule = null } = source;
  const { needsFullReadings: needed = null } = connector.source ?? {};
  const sentence = typeof needed === 'function' ? needed(settings) : needed;
  if (sentence === null || schedule === null || fullSchedule !== null) return [];
  return [
    `sources.${name}: ${sentence} Set fullSchedule, such as "0 3 * * 0" for Sundays at three, or run "tributary sync ${name} --full" now and then.`,
  ];
}

function addressWarning(publicUrl: string | null, webhooks: readonly CheckedWebhook[]): string[] {
  const open = webhooks.filter(({ missing }) => missing === null);
  if (publicUrl !== null || open.length === 0) return [];
  return [
    `publicUrl is not set, so the address to give to vendors is unknown: set it to the public URL of this server (webhooks of ${open.map(({ name }) => name).join(', ')}).`,
  ];
}

const tokensElsewhere: Permission = { what: 'everything', allowed: null, note: tokensElsewhereNote };

const experimental: Permission = {
  what: 'rely on this connector',
  allowed: null,
  note: 'It is experimental: compare what it reads with a test account before you rely on it.',
};

/** What is refused for one reason is said once. */
async function permissionsOf(check: () => Promise<Permission[]> | undefined): Promise<Permission[]> {
  try {
    const permissions = (await check()) ?? [
      { what: 'everything', allowed: null, note: 'This connector has nothing to check.' },
    ];
    const [first] = permissions;
    const isOneReason =
      permissions.length > 1 &&
      permissions.every(({ allowed, note }) => allowed === false && note === first?.note);
    if (!first || !isOneReason) return permissions;
    return [{ ...first, what: permissions.map(({ what }) => what).join(', ') }];
  } catch (error) {
    return [{ what: 'connect', allowed: false, note: sentenceOf(error) }];
  }
}

/** Names in the mapping and the filter that no record of the vendor has. */
async function unknownProperties(tributary: App['tributary'], source: SourceConfig): Promise<string[]> {
  const { name, connector, mapping } = source;
  const streams = (connector.source?.streams ?? []).filter((stream) => stream.properties);
  // A default mapping that follows the columns names only what is there.
  if (
    streams.length === 0 ||
    ((connector.source?.mappingFor ?? connector.source?.columnsFor) && mapping === null)
  )
    return [];
  try {
    const context = tributary.contextOf(name);
    const used = tributary.rules.source(name)?.properties ?? [];
    const found = await Promise.all(streams.map((stream) => stream.properties?.(context, used) ?? []));
    const known = new Set(found.flat().map((property) => property.name));
    if (known.size === 0) return [];
    return used
      .filter((property) => !known.has(property) && property !== connector.source?.sourceId)
      .map((property) => {
        const meant = nearestName(property, known);
        return `sources.${name} uses "${property}", which ${connector.name} does not have${meant === null ? '.' : `: did you mean "${meant}"?`}`;
      });
  } catch (error) {
    return [`The names in the mapping of ${name} could not be checked: ${sentenceOf(error)}`];
  }
}

/** Metadata keys of the mappings that the destination's schema does not define. */
async function unknownMetadata(tributary: App['tributary']): Promise<string[]> {
  const schema = await schemaOf(tributary);
  if (typeof schema === 'string') return [schema];
  if (schema === null) return [];
  const defined = Object.keys(schema.definitions);
  const effect = schema.definedOnly
    ? 'it is not sent'
    : 'it is sent without a type and cannot be used in filters';
  return tributary.config.sources.flatMap(({ name, connector, mapping }) =>
    Object.keys(mapping ?? connector.source?.mapping ?? {}).flatMap((field) => {
      const key = metadataKey(field);
      if (key === null || defined.includes(key)) return [];
      const meant = nearestName(key, defined);
      const hint = meant === null ? '' : ` Did you mean "metadata.${meant}"?`;
      return [
        `sources.${name} maps "${field}", which the destination's metadata schema does not define: ${effect}.${hint}`,
      ];
    }),
  );
}

/** The schema, or the sentence that says why it is not known. */
async function schemaOf(tributary: App['tributary']): Promise<MetadataSchema | null | string> {
  const { metadataSchema, destination } = tributary.config;
  if (typeof metadataSchema === 'object') return metadataSchema;
  if (metadataSchema === 'none') return null;
  try {
    return (
      (await destination.connector.destination?.metadataSchema?.(tributary.contextOf(destinationName))) ??
      null
    );
  } catch (error) {
    return `The metadata schema could not be read: ${sentenceOf(error)}`;
  }
}
