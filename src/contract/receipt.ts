// Signed receipts: what a verification or an erasure states, signed so that anybody who has the public key can check it.
// Times are texts here: a statement is checked as it was signed.
import { z } from 'zod';
import { answer, count, orNull } from './parts.ts';

const at = z.string().meta({ format: 'date-time' });
const destination = z
  .string()
  .meta({ description: 'The account at the destination.', example: 'voucherify:api.voucherify.io:app-id' });

const verificationStatement = answer(
  {
    type: z.literal('tributary.verification.1'),
    id: z.int(),
    destination,
    requestedAt: at,
    endedAt: at,
    mode: z.enum(['full', 'sample']),
    acknowledged: count,
    compared: count,
    matching: count,
    differing: count,
    stale: count,
    missing: count,
    unknownToUs: count,
    inFlight: count,
    unread: count,
    healed: count,
    previousHash: z.string().nullable(),
    hash: z.string().meta({ description: 'The hash of the report; see `hash` of a verification.' }),
  },
  'VerificationStatement',
  'What a verification found, as it was signed.',
);

const erasureStatement = answer(
  {
    type: z.literal('tributary.erasure.1'),
    id: z.string(),
    destination,
    subject: z.string().meta({ description: 'A keyed hash of the source ID.' }),
    permanent: z.boolean(),
    requestedAt: at,
    endedAt: at,
    stores: z.array(answer({ store: z.string(), answer: z.string(), rows: z.int().nullable(), at })),
  },
  'ErasureStatement',
  'What was erased, as it was signed.',
);

const signature = answer(
  {
    algorithm: z.literal('Ed25519'),
    keyId: z.string().meta({ description: '`kid` of the public key: its thumbprint by RFC 7638.' }),
    value: z.string().meta({
      description: 'In base64url, of the UTF-8 bytes of `statement` as canonical JSON (RFC 8785).',
    }),
  },
  'ReceiptSignature',
  'The signature of a statement.',
);

const signed = <Statement extends z.ZodType>(statement: Statement, id: string) =>
  answer({ statement, signature }, id, 'A statement with its signature, which anybody can check.');

export const signedVerificationShape = signed(verificationStatement, 'SignedVerification');
export const signedErasureShape = signed(erasureStatement, 'SignedErasure');
export type VerificationStatement = z.output<typeof verificationStatement>;
export type ErasureStatement = z.output<typeof erasureStatement>;
export type Statement = VerificationStatement | ErasureStatement;
export interface Signed<Kind extends Statement = Statement> {
  statement: Kind;
  signature: z.output<typeof signature>;
}

/** Why `signed` may be null stands with it. */
export const maybeSigned = <Shape extends z.ZodType>(shape: Shape) =>
  orNull(shape).meta({
    description:
      'The receipt, signed when it ended. Null until then, without TRIBUTARY_SECRET_KEY, and for those of versions that did not sign.',
  });

export const publicKeyShape = answer(
  {
    kty: z.literal('OKP'),
    crv: z.literal('Ed25519'),
    x: z.string().regex(/^[\w-]{43}$/),
    kid: z.string(),
    use: z.literal('sig'),
    alg: z.literal('EdDSA'),
  },
  'ReceiptKey',
  'A public key, as a JSON Web Key (RFC 7517).',
);
export type PublicKey = z.output<typeof publicKeyShape>;
export const receiptKeysShape = answer(
  { keys: z.array(publicKeyShape) },
  'ReceiptKeys',
  'A JSON Web Key Set (RFC 7517). The first key signs.',
);
