// Which addresses belong to this machine or its network, and how a name that a vendor gave is resolved to none of them. It
// knows no request.
import { lookup as lookUp } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { RejectedError } from '../../connector.ts';

const ranges = new BlockList();
for (const [address, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10], // shared by carriers
  ['127.0.0.0', 8],
  ['169.254.0.0', 16], // link-local, where clouds tell instances their credentials
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 3], // multicast, reserved, broadcast
] as const) {
  ranges.addSubnet(address, prefix, 'ipv4');
  // What a translator of addresses (NAT64) would reach there.
  ranges.addSubnet(`64:ff9b::${address}`, 96 + prefix, 'ipv6');
}
for (const [address, prefix] of [
  ['::', 96],
  ['64:ff9b:1::', 48],
  ['2002::', 16], // holds an IPv4 address
  ['fc00::', 7],
  ['fe80::', 10],
  ['fec0::', 10],
  ['ff00::', 8],
] as const)
  ranges.addSubnet(address, prefix, 'ipv6');

/** An IP address; IPv6 forms of an IPv4 address count as that. */
function isPrivateAddress(address: string): boolean {
  const [bare = ''] = address.split('%');
  const kind = isIP(bare);
  return kind !== 0 && ranges.check(bare, kind === 4 ? 'ipv4' : 'ipv6');
}

/** The host of a URL, told by its text alone. */
export function isPrivateHost(hostname: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  return /(^|\.)(localhost|local|internal)$/i.test(host) || isPrivateAddress(host);
}

/** As `dns.lookup` with `all`. */
export type Resolve = (
  hostname: string,
  options: { all: true; family?: number },
  callback: (error: NodeJS.ErrnoException | null, addresses: { address: string; family: number }[]) => void,
) => void;

const resolveByDns: Resolve = (hostname, options, callback) => lookUp(hostname, options, callback);

/**
 * For `net.connect`: resolves a name, and fails with RejectedError where it leads into a private network. The connection
 * goes to the addresses that were checked, so a name that resolves otherwise the next time gains nothing. `base`: the host of
 * the vendor's API; where that is in a private network, its files may be too.
 */
export function publicLookup(
  name: string,
  {
    base,
    allowPrivate,
    resolve = resolveByDns,
  }: { base: string; allowPrivate: boolean; resolve: Resolve | undefined },
): LookupFunction {
  return (hostname, options, callback) => {
    const family = typeof options.family === 'number' ? { family: options.family } : {};
    const give = (addresses: { address: string; family: number }[]) => {
      const [first] = addresses;
      if (options.all) callback(null, addresses);
      else callback(null, first?.address ?? '', first?.family);
    };
    resolve(hostname, { all: true, ...family }, (error, addresses) => {
      if (error) return callback(error, '');
      if (allowPrivate || hostname === base || !addresses.some(({ address }) => isPrivateAddress(address)))
        return give(addresses);
      resolve(base, { all: true }, (failed, own) => {
        if (!failed && own.some(({ address }) => isPrivateAddress(address))) return give(addresses);
        callback(unsafeAddress(name), '');
      });
    });
  };
}

export function unsafeAddress(name: string): RejectedError {
  return new RejectedError(
    `${name} names a file at an address that is not fetched: it is in a private network or does not use HTTPS. If this is intended, set allowPrivateAddresses to true.`,
    { code: 'unsafe_url' },
  );
}
