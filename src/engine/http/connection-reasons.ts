// Why a connection was not made, for a person: what a TLS library says in a code is said in a sentence, with what to do. Pure.

const untrusted =
  'its TLS certificate is not from an authority that this machine trusts. If it is from an authority of your own, name that in NODE_EXTRA_CA_CERTS';

const tlsReasons: { readonly [code: string]: string } = {
  DEPTH_ZERO_SELF_SIGNED_CERT: untrusted,
  SELF_SIGNED_CERT_IN_CHAIN: untrusted,
  UNABLE_TO_GET_ISSUER_CERT: untrusted,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: untrusted,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: untrusted,
  CERT_UNTRUSTED: untrusted,
  CERT_HAS_EXPIRED: 'its TLS certificate has expired, or the clock of this machine is wrong',
  CERT_NOT_YET_VALID: 'its TLS certificate is not valid yet, or the clock of this machine is wrong',
  CERT_REVOKED: 'its TLS certificate was revoked',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its TLS certificate is for another host',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not answer in TLS: does its address begin with http://?',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'it does not answer in TLS: does its address begin with http://?',
};

/** undici's words of a proxy that refuses a tunnel, or a request that it should pass on. */
const proxyRefusal = /^Proxy (?:response|Authentication Required) \((\d+)\)/;

/** Whether a proxy refused, so that nothing came to the vendor. */
export function isOfProxy(error: unknown): boolean {
  return error instanceof Error && proxyRefusal.test(error.message);
}

function proxyReason(status: string): string {
  return status === '407'
    ? 'the proxy asks for credentials (407): set them in HTTP_PROXY or HTTPS_PROXY'
    : `the proxy answered ${status}`;
}

/** The reason of a connection's failure, also where every address of a host failed by its own. */
export function reasonOf(error: unknown): string {
  const { code, errors, message } = (error ?? {}) as { code?: string; errors?: Error[]; message?: string };
  const said = message || errors?.map((one) => one.message).join('; ') || code || 'unknown reason';
  const [, refusal] = proxyRefusal.exec(said) ?? [];
  if (refusal !== undefined) return proxyReason(refusal);
  const reason = code === undefined || !Object.hasOwn(tlsReasons, code) ? undefined : tlsReasons[code];
  return reason === undefined ? said : `${reason} (${code})`;
}
