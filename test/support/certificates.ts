// X.509 certificates for servers of the tests, made as they are needed: no private key lies in the repository. It knows no server.
import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

export interface Issued {
  /** PEM. */
  cert: string;
  key: string;
}

/** An authority, and what it issues. */
export function authority() {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const name = 'An authority of the tests';
  const now = Date.now();
  const own = certificate({
    subject: name,
    issuer: name,
    publicKey: pair.publicKey,
    signer: pair.privateKey,
    from: now - dayMs,
    until: now + dayMs,
    isAuthority: true,
  });
  return {
    cert: own,
    /** For a host; `from` and `until` in epoch milliseconds. */
    issue(host: string, { from = now - dayMs, until = now + dayMs } = {}): Issued {
      const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const about = { subject: host, issuer: name, publicKey, signer: pair.privateKey, from, until, host };
      return { cert: certificate(about), key: pem('PRIVATE KEY', der(privateKey)) };
    },
  };
}

/** Signed by nobody but itself. */
export function selfSigned(host: string): Issued {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const now = Date.now();
  const about = { subject: host, issuer: host, publicKey, signer: privateKey, host };
  const cert = certificate({ ...about, from: now - dayMs, until: now + dayMs });
  return { cert, key: pem('PRIVATE KEY', der(privateKey)) };
}

const dayMs = 86_400_000;

interface About {
  subject: string;
  issuer: string;
  publicKey: KeyObject;
  signer: KeyObject;
  from: number;
  until: number;
  host?: string;
  isAuthority?: boolean;
}

function certificate({ subject, issuer, publicKey, signer, from, until, host, isAuthority }: About): string {
  const ecdsaWithSha256 = sequence(oid('1.2.840.10045.4.3.2'));
  const extensions = [
    ...(isAuthority
      ? [sequence(oid('2.5.29.19'), Buffer.from([1, 1, 255]), octets(sequence(Buffer.from([1, 1, 255]))))]
      : []),
    ...(host === undefined
      ? []
      : [sequence(oid('2.5.29.17'), octets(sequence(tagged(0x82, Buffer.from(host)))))]),
  ];
  const body = sequence(
    tagged(0xa0, integer(Buffer.from([2]))),
    integer(Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    ecdsaWithSha256,
    named(issuer),
    sequence(time(from), time(until)),
    named(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    tagged(0xa3, sequence(...extensions)),
  );
  const signature = sign('sha256', body, signer);
  return pem(
    'CERTIFICATE',
    sequence(body, ecdsaWithSha256, tagged(0x03, Buffer.concat([Buffer.from([0]), signature]))),
  );
}

const der = (key: KeyObject) => key.export({ type: 'pkcs8', format: 'der' });
const sequence = (...parts: Buffer[]) => tagged(0x30, Buffer.concat(parts));
const octets = (content: Buffer) => tagged(0x04, content);
const integer = (content: Buffer) => tagged(0x02, content);
const named = (name: string) =>
  sequence(tagged(0x31, sequence(oid('2.5.4.3'), tagged(0x0c, Buffer.from(name)))));
const time = (at: number) =>
  tagged(0x18, Buffer.from(`${new Date(at).toISOString().replace(/[-:T]|\.\d+/g, '')}`));

function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const bytes = rest.flatMap((value) => {
    const digits = [value & 0x7f];
    for (let left = value >>> 7; left > 0; left >>>= 7) digits.unshift((left & 0x7f) | 0x80);
    return digits;
  });
  return tagged(0x06, Buffer.from([first * 40 + second, ...bytes]));
}

function tagged(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

function pem(label: string, content: Buffer): string {
  const lines = content.toString('base64').match(/.{1,64}/g)!;
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}
