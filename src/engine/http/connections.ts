// Connections to vendors, direct or through the proxy that the environment names. It knows no request.
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { type Dispatcher, EnvHttpProxyAgent, Pool } from 'undici';

/** As HTTP_PROXY, HTTPS_PROXY and NO_PROXY say. */
export interface Proxies {
  /** For addresses that begin with http://; null: none. */
  http: string | null;
  https: string | null;
  /** Hosts that are reached directly, comma-separated. */
  except: string;
}

/** What is on this machine is never behind a proxy. */
const always = ['localhost', '127.0.0.1', '[::1]'];

/** The proxy through which this origin is reached, or null. */
export function proxyOf(proxies: Proxies | null, origin: string): string | null {
  if (proxies === null) return null;
  const { protocol, hostname, port } = new URL(origin);
  const proxy = protocol === 'https:' ? (proxies.https ?? proxies.http) : proxies.http;
  if (proxy === null) return null;
  const host = hostname.replace(/\.$/, '');
  const isExcepted = [...always, ...proxies.except.split(/[\s,]+/)].some((entry) =>
    excepts(entry.toLowerCase(), host, port || (protocol === 'https:' ? '443' : '80')),
  );
  return isExcepted ? null : proxy;
}

/**
 * `*` stands for every host, `example.com` and `.example.com` for the host and those below it, `example.com:8080` for one port of them, and
 * `10.0.0.0/8` for addresses (not for names, which the proxy resolves). IPv6 addresses may go without brackets.
 */
function excepts(entry: string, hostname: string, port: string): boolean {
  if (entry === '*') return true;
  const address = hostname.replace(/^\[|\]$/g, '');
  const [network = '', prefix] = entry.replace(/^\[(.*)\](?=$|\/)/, '$1').split('/');
  if (isIP(network) !== 0 && (prefix !== undefined || isIP(network) === 6))
    return isWithin(address, network, prefix ?? '128');
  const [, name = '', only] = /^(?:\*?\.)?(\[[^\]]*\]|[^:]*?)\.?(?::(\d+))?$/.exec(entry) ?? [];
  if (name === '' || (only !== undefined && only !== port)) return false;
  return hostname === name || hostname.endsWith(`.${name}`);
}

function isWithin(address: string, network: string, prefix: string): boolean {
  const [kind, length] = [isIP(network), Number(prefix)];
  if (isIP(address) !== kind || !/^\d{1,3}$/.test(prefix) || length > (kind === 4 ? 32 : 128)) return false;
  const family = kind === 4 ? 'ipv4' : 'ipv6';
  const range = new BlockList();
  range.addSubnet(network, length, family);
  return range.check(address, family);
}

/** Opens connections to one origin. */
export type Connect = typeof connectionsTo;

/** A pool of connections to one origin. The timeouts are the caller's. */
export function connectionsTo(
  origin: string,
  {
    connections,
    proxies,
    lookup,
  }: {
    connections: number;
    proxies: Proxies | null;
    /** In place of the system's. Behind a proxy names are the proxy's to resolve. */
    lookup?: LookupFunction | undefined;
  },
): Dispatcher {
  const options = {
    connections,
    pipelining: 1, // one request on a connection at a time
    allowH2: false,
    connect: { timeout: 10_000 },
    keepAliveTimeout: 20_000,
    headersTimeout: 0, // the clock's own timeout covers the whole exchange
    bodyTimeout: 0,
  };
  const proxy = proxyOf(proxies, origin);
  if (proxy === null)
    return new Pool(origin, lookup ? { ...options, connect: { ...options.connect, lookup } } : options);
  // What is not given would be taken from the environment of the process.
  return new EnvHttpProxyAgent({ ...options, httpProxy: proxy, httpsProxy: proxy, noProxy: '-' });
}
