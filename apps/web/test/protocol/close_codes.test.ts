import { describe, expect, it } from 'vitest';
import { closeRule, listedCloseCodes, retryAfterSeconds, type Reaction } from '../../src/protocol/close_codes';

/** The contract once more, written independently of the table. */
const contract: Record<number, Reaction> = {
  1000: 'stop',
  1001: 'reconnect',
  1002: 'reconnect_slowly',
  1003: 'reconnect_slowly',
  1006: 'reconnect',
  1007: 'reconnect_slowly',
  1008: 'stop',
  1009: 'reconnect_slowly',
  1011: 'reconnect_limited',
  1012: 'reconnect',
  1013: 'reconnect',
  4008: 'reconnect_fresh',
  4401: 'login',
  4403: 'stop',
  4408: 'stop',
  4409: 'stop',
  4410: 'stop',
  4429: 'stop',
};

describe('close codes', () => {
  it('are exactly those of the contract', () => {
    expect(listedCloseCodes().map(String).sort()).toEqual(Object.keys(contract).sort());
  });

  for (const [code, reaction] of Object.entries(contract)) {
    it(`${code}: ${reaction}`, () => {
      expect(closeRule(Number(code)).reaction).toBe(reaction);
      expect(closeRule(Number(code)).text).not.toBe('');
    });
  }

  it('not listed: 4000–4399 reconnect, 4400–4499 do not', () => {
    for (const code of [4000, 4007, 4123, 4399]) expect(closeRule(code).reaction).toBe('reconnect');
    for (const code of [4400, 4402, 4450, 4499]) expect(closeRule(code).reaction).toBe('stop');
  });

  it('read a hint from the reason', () => {
    expect(retryAfterSeconds('Retry-After: 7')).toBe(7);
    expect(retryAfterSeconds('retry-after=12')).toBe(12);
    expect(retryAfterSeconds('5')).toBe(5);
    expect(retryAfterSeconds('too many connections')).toBeNull();
    expect(retryAfterSeconds('')).toBeNull();
  });
});
