// Receipts signed by one and checked by another: what a key may sign, what is noticed, and how keys are exchanged.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { VerificationStatement } from '../../src/contract/receipt.ts';
import { ReceiptSigner, signatureFault } from '../../src/tables/signed-receipts.ts';

const [older, newer] = ['a-first-secret-key-that-is-long-enough', 'a-second-secret-key-that-is-long-enough'];

const statement: VerificationStatement = {
  type: 'tributary.verification.1',
  id: 7,
  destination: 'voucherify:api.voucherify.io:app',
  requestedAt: '2026-03-01T12:00:00.000Z',
  endedAt: '2026-03-01T12:01:00.000Z',
  mode: 'full',
  acknowledged: 10,
  compared: 10,
  matching: 10,
  differing: 0,
  stale: 0,
  missing: 0,
  unknownToUs: 0,
  inFlight: 0,
  unread: 0,
  healed: 0,
  previousHash: null,
  hash: 'ab'.repeat(32),
};

describe('A signed receipt', () => {
  it('is made with the same key by every worker that has the same secret key', () => {
    const [one, other] = [new ReceiptSigner([older]), new ReceiptSigner([older])];
    expect(one.publicKeys).toEqual(other.publicKeys);
    expect(one.sign(statement)).toEqual(other.sign(statement));
    expect(JSON.stringify(one.publicKeys)).not.toContain(older);
  });

  it('no longer holds when any value of its statement is changed', () => {
    const signer = new ReceiptSigner([older]);
    const signed = signer.sign(statement)!;
    expect(signatureFault(signed, signer.publicKeys)).toBeNull();
    fc.assert(
      fc.property(fc.constantFrom(...(Object.keys(statement) as (keyof VerificationStatement)[])), (key) => {
        const value = statement[key];
        const changed = { ...statement, [key]: typeof value === 'number' ? value + 1 : `${value}x` };
        const forged = { ...signed, statement: changed as VerificationStatement };
        expect(signatureFault(forged, signer.publicKeys)).toBe('the signature is not of this statement');
      }),
    );
    const { healed: _, ...shorter } = statement;
    const without = { ...signed, statement: shorter as VerificationStatement };
    expect(signatureFault(without, signer.publicKeys)).toBe('the signature is not of this statement');
  });

  it('holds whatever the order of its keys, as a database may change it', () => {
    const signer = new ReceiptSigner([older]);
    const signed = signer.sign(statement)!;
    const reversed = Object.fromEntries(
      Object.entries(statement).reverse(),
    ) as unknown as VerificationStatement;
    expect(signatureFault({ ...signed, statement: reversed }, signer.publicKeys)).toBeNull();
  });

  it('of an earlier secret key is checked as long as that key is configured too', () => {
    const signed = new ReceiptSigner([older]).sign(statement)!;
    const rotated = new ReceiptSigner([newer, older]);
    expect(signatureFault(signed, rotated.publicKeys)).toBeNull();
    expect(rotated.sign(statement)!.signature.keyId).toBe(rotated.publicKeys[0]!.kid);
    const { keyId } = signed.signature;
    const forgotten = new ReceiptSigner([newer]).publicKeys;
    expect(signatureFault(signed, forgotten)).toBe(`no key given has the ID ${keyId}`);
    // Somebody else's key under the ID of ours.
    const theirs = [{ ...forgotten[0]!, kid: keyId }];
    expect(signatureFault(signed, theirs)).toBe('the signature is not of this statement');
  });

  it('is none without a secret key', () => {
    const signer = new ReceiptSigner([]);
    expect(signer.sign(statement)).toBeNull();
    expect(signer.publicKeys).toEqual([]);
  });
});
