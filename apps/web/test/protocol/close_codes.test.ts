import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { closeRule, listedCloseCodes, type Reaction } from '../../src/protocol/close_codes';

/** What every client does, as the file says that all of them are held to. */
const golden = JSON.parse(
  readFileSync(new URL('../../../../tests/golden/close_codes.json', import.meta.url), 'utf8'),
) as {
  codes: { code: number; client: string }[];
  ranges: { from: number; to: number; client: string }[];
};

const reactions: Record<string, Reaction> = {
  stop: 'stop',
  ended: 'stop',
  authenticate: 'login',
  reconnect: 'reconnect',
  not_soon: 'reconnect_slowly',
  limited: 'reconnect_limited',
  fresh: 'reconnect_fresh',
};

describe('close codes', () => {
  const codes = golden.codes.map(({ code }) => code);

  it('are exactly those of the contract', () => {
    expect(codes.length).toBeGreaterThan(10);
    expect(listedCloseCodes().sort()).toEqual(codes.sort());
  });

  for (const { code, client } of golden.codes) {
    it(`${code}: ${client}`, () => {
      expect(closeRule(code).reaction).toBe(reactions[client]);
      expect(closeRule(code).text).toMatch(/\.$/);
    });
  }

  for (const { from, to, client } of golden.ranges) {
    it(`${from} to ${to}, where not listed: ${client}`, () => {
      for (let code = from; code <= to; code++) {
        if (codes.includes(code)) continue;
        expect([code, closeRule(code).reaction]).toEqual([code, reactions[client]]);
      }
    });
  }
});
