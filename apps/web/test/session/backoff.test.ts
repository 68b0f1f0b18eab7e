import { describe, expect, it } from 'vitest';
import { backoffFirstMs, backoffMaxMs, backoffMs } from '../../src/session/backoff';

describe('backoffMs', () => {
  it('spreads over the whole range below a ceiling that doubles up to 30 s', () => {
    expect(backoffMs(0, 0)).toBe(0);
    expect(backoffMs(0, 0.999)).toBeLessThan(backoffFirstMs);
    expect(backoffMs(1, 0.5)).toBe(backoffFirstMs);
    expect(backoffMs(3, 0.5)).toBe(backoffFirstMs * 4);
    for (const attempt of [7, 20, 1000]) {
      expect(backoffMs(attempt, 0.9999)).toBeGreaterThan(backoffMaxMs * 0.99);
      expect(backoffMs(attempt, 0.9999)).toBeLessThanOrEqual(backoffMaxMs);
    }
  });
});
