// How traces are exported, as OpenTelemetry's own environment variables say. What cannot be done is no reason not to start:
// the variables may be set for all programs of a machine.

export interface ExportSettings {
  /** Where traces are sent, path included. */
  url: string;
  protocol: 'http/protobuf' | 'http/json';
  headers: { [name: string]: string };
  timeoutMs: number;
  compression: 'gzip' | 'none';
  /** What is said of this process in every export. */
  resource: { [name: string]: string };
  sampler: Sampler;
}

export interface Sampler {
  root: 'on' | 'off' | 'ratio';
  /** From 0 to 1. */
  ratio: number;
  /** What another span left is recorded as that was. */
  followsParent: boolean;
}

interface Variables {
  readonly [name: string]: string | undefined;
}

const defaultTimeoutMs = 10_000;

/** Null where nothing is to be exported. `warning`: why nothing or something else is, though it is asked for. */
export function exportSettings(variables: Variables): {
  settings: ExportSettings | null;
  warning: string | null;
} {
  const said = (name: string) => variables[name]?.trim() || undefined;
  const ofTraces = (name: string) =>
    said(`OTEL_EXPORTER_OTLP_TRACES_${name}`) ?? said(`OTEL_EXPORTER_OTLP_${name}`);
  const none = { settings: null, warning: null };
  const refused = (warning: string) => ({ settings: null, warning: `No traces are exported: ${warning}.` });

  const url = said('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT') ?? below(said('OTEL_EXPORTER_OTLP_ENDPOINT'));
  if (url === undefined || said('OTEL_SDK_DISABLED')?.toLowerCase() === 'true') return none;
  const exporters = said('OTEL_TRACES_EXPORTER')?.split(',') ?? ['otlp'];
  if (!exporters.some((name) => name.trim() === 'otlp')) return none;
  if (!/^https?:$/.test(URL.parse(url)?.protocol ?? ''))
    return refused(
      'the endpoint in OTEL_EXPORTER_OTLP_ENDPOINT must be a URL that begins with http:// or https://',
    );
  const protocol = ofTraces('PROTOCOL') ?? 'http/protobuf';
  if (protocol !== 'http/protobuf' && protocol !== 'http/json')
    return refused('OTEL_EXPORTER_OTLP_PROTOCOL must be http/protobuf or http/json');
  const sampler = samplerOf(
    said('OTEL_TRACES_SAMPLER') ?? 'parentbased_always_on',
    said('OTEL_TRACES_SAMPLER_ARG'),
  );
  const timeoutMs = Number(ofTraces('TIMEOUT') ?? defaultTimeoutMs);
  return {
    settings: {
      url,
      protocol,
      headers: {
        ...pairs(said('OTEL_EXPORTER_OTLP_HEADERS')),
        ...pairs(said('OTEL_EXPORTER_OTLP_TRACES_HEADERS')),
      },
      timeoutMs: timeoutMs > 0 ? Math.min(timeoutMs, 60_000) : defaultTimeoutMs,
      compression: ofTraces('COMPRESSION') === 'gzip' ? 'gzip' : 'none',
      resource: {
        ...pairs(said('OTEL_RESOURCE_ATTRIBUTES')),
        ...(said('OTEL_SERVICE_NAME') !== undefined && { 'service.name': said('OTEL_SERVICE_NAME')! }),
      },
      sampler: sampler ?? { root: 'on', ratio: 1, followsParent: true },
    },
    warning: sampler
      ? null
      : 'All traces are recorded: OTEL_TRACES_SAMPLER must be always_on, always_off, traceidratio or one of these with parentbased_ before it, and the ratio in OTEL_TRACES_SAMPLER_ARG a number from 0 to 1.',
  };
}

function below(endpoint: string | undefined): string | undefined {
  return endpoint === undefined ? undefined : `${endpoint.replace(/\/+$/, '')}/v1/traces`;
}

/** Null where it is none that is known. */
function samplerOf(name: string, argument: string | undefined): Sampler | null {
  const [, parent, kind] = /^(parentbased_)?(always_on|always_off|traceidratio)$/.exec(name) ?? [];
  const ratio = Number(argument ?? 1);
  if (kind === undefined || !(ratio >= 0 && ratio <= 1)) return null;
  const root = { always_on: 'on', always_off: 'off', traceidratio: 'ratio' } as const;
  return { root: root[kind as keyof typeof root], ratio, followsParent: parent !== undefined };
}

/** `name=value,name=value`, percent-encoded. What is no pair is left out. */
function pairs(text: string | undefined): { [name: string]: string } {
  return Object.fromEntries(
    (text ?? '').split(',').flatMap((pair) => {
      const [name = '', ...rest] = pair.split('=');
      if (name.trim() === '' || rest.length === 0) return [];
      return [[decoded(name.trim()), decoded(rest.join('=').trim())]];
    }),
  );
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
