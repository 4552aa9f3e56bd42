// Faults at the edges: quotas, who may do what, whose webhook it is, what simulators allow.
import { type Mutant, mutantsOf } from './mutant.ts';

const slots = mutantsOf(
  'src/engine/quota/slots.ts',
  ['sync/quota.test.ts', 'sync/quota-lanes.test.ts'],
  [
    {
      name: 'frees a slot as soon as the request is answered',
      find: 'const at = this.deps.clock.now() + this.windowMs;',
      replace: 'const at = this.deps.clock.now();',
    },
    {
      name: 'holds a slot for a window although nothing was sent',
      find: 'if (sent) this.#cool(slice, backfill);',
      replace: 'if (true) this.#cool(slice, backfill);',
    },
    {
      name: 'sends with slots that it lost while it was stopped',
      find: 'valid: (now) => now < slice.leaseEnd && !this.deps.closing.aborted,',
      replace: 'valid: () => !this.deps.closing.aborted,',
    },
    {
      name: 'lets a caller wait for as long as it takes',
      find: 'if (waitMs > maxWaitMs) throw this.tooLong(',
      replace: 'if (false) throw this.tooLong(',
    },
  ],
);

const slices = mutantsOf(
  'src/engine/quota/slices.ts',
  ['sync/quota.test.ts', 'sync/quota-memory.test.ts'],
  [
    {
      name: 'does not count what other processes hold',
      find: 'const most = wanted ? Math.min(limit - held, share - own) : limit - held;',
      replace: 'const most = limit - own;',
    },
    {
      name: 'leaves nothing to a process that begins',
      find: 'const most = wanted ? Math.min(limit - held, share - own) : limit - held;',
      replace: 'const most = limit - held;',
    },
    {
      name: 'renews slices that others have taken since',
      find: 'id = any(${texts(renewal.ids)}::uuid[]) and holder = ${renewal.holder}::uuid and free_at > ${toTimestamp(renewal.now)}`)})',
      replace: 'id = any(${texts(renewal.ids)}::uuid[])`)})',
    },
  ],
);

const learning = mutantsOf(
  'src/engine/quota/learning.ts',
  ['unit/engine/quota-learning.test.ts', 'sync/quota-refusals.test.ts'],
  [
    {
      name: 'cuts a quota at the first refusal in a thousand',
      find: 'const isWorth = isRepeated || this.#isManyOf() || this.#isAlike(refusal);',
      replace: 'const isWorth = true;',
    },
    {
      name: 'never learns from refusals',
      find: 'const isWorth = isRepeated || this.#isManyOf() || this.#isAlike(refusal);',
      replace: 'const isWorth = false;',
    },
  ],
);

const signature = mutantsOf(
  'src/engine/webhook/signature.ts',
  ['unit/engine/authenticity.test.ts', 'properties/engine/authenticity.test.ts', 'sync/webhooks.test.ts'],
  [
    {
      name: 'lets in whatever its signature is',
      find: 'if (!fits) return unfit(3, `the signature in ${this.#scheme.header} does not match`);',
      replace: '',
    },
    {
      name: 'lets in what was signed long ago',
      find: 'if (seconds <= timestamp.toleranceSeconds) return { fits: true };',
      replace: 'if (seconds >= 0) return { fits: true };',
    },
    {
      name: 'lets in what is signed for the far future',
      find: 'const seconds = Math.abs(now - time) / 1000;',
      replace: 'const seconds = (now - time) / 1000;',
    },
    {
      name: 'lets anybody sign with an empty key',
      find: 'return key !== null && key.length > 0 ? key : null;',
      replace: 'return key;',
    },
  ],
);

const credential = mutantsOf(
  'src/engine/webhook/credential.ts',
  ['unit/engine/authenticity.test.ts', 'properties/engine/authenticity.test.ts'],
  [
    {
      name: 'takes an empty secret for one',
      find: "scheme.values.filter((value) => value !== '').map(",
      replace: 'scheme.values.map(',
    },
    {
      name: 'compares only the length of a secret',
      find: 'return a.length === b.length && timingSafeEqual(a, b);',
      replace: 'return a.length === b.length;',
    },
  ],
);

const authenticity = mutantsOf(
  'src/engine/webhook/authenticity.ts',
  ['unit/engine/authenticity.test.ts', 'sync/webhooks.test.ts'],
  [
    {
      name: 'is content with one of two schemes that are both asked for',
      find: 'const unfit = findings.find(({ fits }) => !fits);\n  return (\n    unfit ??',
      replace:
        'const unfit = findings.every(({ fits }) => !fits) ? findings[0] : undefined;\n  return (\n    unfit ??',
    },
    {
      name: 'lets a request in of which a further check fails',
      find: 'return failed ? { authentic: false, reason: sentenceOf(failed) } : { authentic: true };',
      replace: 'return { authentic: true };',
    },
  ],
);

const auth = mutantsOf(
  'src/web/auth.ts',
  ['web/access.test.ts', 'web/server.test.ts', 'web/roles.test.ts'],
  [
    {
      name: 'believes a cookie that it did not make',
      find: "return isOurs ? { id, expires: Number(expires), tokenId: tokenId === '' ? null : tokenId } : null;",
      replace: "return { id, expires: Number(expires), tokenId: tokenId === '' ? null : tokenId };",
    },
    {
      name: 'keeps a session open that was ended',
      find: 'if (session === null || (await this.#ended.has(session.id))) return null;',
      replace: 'if (session === null) return null;',
    },
    {
      name: 'keeps a session open that has expired',
      find: ' || Number(expires) <= this.#clock.now())\n      return null;',
      replace: ')\n      return null;',
    },
    {
      name: 'obeys a page of another origin',
      find: "      : site === 'same-origin';",
      replace: "      : site !== 'none';",
    },
    {
      name: 'shows a viewer what is personal',
      find: "isMasked: token.role === 'viewer' }",
      replace: 'isMasked: false }',
      tests: ['web/roles.test.ts', 'web/access.test.ts', 'web/pages.test.ts'],
    },
  ],
);

const caller = mutantsOf(
  'src/web/caller.ts',
  ['web/roles.test.ts', 'web/access.test.ts'],
  [
    {
      name: 'lets an operator make tokens',
      find: "  { methods: /./, path: /^\\/api\\/(tokens|audit)(\\/|$)/, role: 'admin' },\n",
      replace: '',
    },
    {
      name: 'lets an operator erase a person',
      find: "{ methods: /^DELETE$/, path: /^\\/api\\/(customers\\/[^/]+|suppressions)$/, role: 'admin' }",
      replace:
        "{ methods: /^DELETE$/, path: /^\\/api\\/(customers\\/[^/]+|suppressions)$/, role: 'operator' }",
    },
    {
      name: 'raises a role that is asked for',
      find: 'const lower = mayActAs(role, caller.role) ? caller.role : role;',
      replace: 'const lower = role;',
      tests: ['web/roles.test.ts', 'cli/mcp.test.ts', 'web/access.test.ts'],
    },
  ],
);

const guesses = mutantsOf(
  'src/web/guesses.ts',
  ['cases/service.test.ts'],
  [
    {
      name: 'lets anybody guess tokens for as long as they like',
      find: 'if (this.#recent.length < allowed) {',
      replace: 'if (true) {',
    },
  ],
);

const tokens = mutantsOf(
  'src/web/tokens.ts',
  ['web/roles.test.ts', 'web/access.test.ts'],
  [
    {
      name: 'lets an expired token open everything',
      find: 'if (!token || (token.expiresAt !== null && token.expiresAt <= now)) return null;',
      replace: 'if (!token) return null;',
    },
    {
      name: 'keeps a revoked token open until it is asked for again',
      find: '    const dropped = await dropToken(this.#database, name);\n    await this.#read();\n',
      replace: '    const dropped = await dropToken(this.#database, name);\n',
    },
  ],
);

const masking = mutantsOf(
  'src/web/masking.ts',
  ['web/roles.test.ts', 'web/pages.test.ts'],
  [
    {
      name: 'shows a viewer the values of fields',
      find: 'if (isMarked(shape)) return blank(value);',
      replace: '',
    },
    {
      name: "shows a viewer the addresses in a vendor's message",
      find: "return typeof value === 'string' ? withoutTellingWords(value) : value;",
      replace: 'return value;',
    },
  ],
);

const privateAddresses = mutantsOf(
  'src/engine/http/private-addresses.ts',
  ['unit/engine/download.test.ts', 'unit/engine/http.test.ts'],
  [
    {
      name: 'fetches a file from a private address that a vendor names',
      find: 'if (allowPrivate || hostname === base || !addresses.some(({ address }) => isPrivateAddress(address)))',
      replace: 'if (true)',
    },
  ],
);

export const edgeMutants: readonly Mutant[] = [
  ...slots,
  ...slices,
  ...learning,
  ...signature,
  ...credential,
  ...authenticity,
  ...auth,
  ...caller,
  ...guesses,
  ...tokens,
  ...masking,
  ...privateAddresses,
];
