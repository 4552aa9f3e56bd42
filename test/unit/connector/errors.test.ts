import { describe, expect, it } from 'vitest';
import { withAdvice } from '../../../src/connector/errors.ts';

describe('what a vendor said, and what to do', () => {
  it('are two sentences, whether the vendor ends with a full stop or not', () => {
    expect(withAdvice('HubSpot answered 401: the token has expired.', 'Set a new one.')).toBe(
      'HubSpot answered 401: the token has expired. Set a new one.',
    );
    expect(withAdvice('HubSpot answered 401: the token has expired', 'Set a new one.')).toBe(
      'HubSpot answered 401: the token has expired. Set a new one.',
    );
  });
});
