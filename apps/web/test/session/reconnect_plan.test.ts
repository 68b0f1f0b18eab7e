import { describe, expect, it } from 'vitest';
import type { Reaction } from '../../src/protocol/close_codes';
import { hintJitterMs, ReconnectPlan, slowReconnectMs } from '../../src/session/reconnect_plan';

function ending(reaction: Reaction, retryAfterMs: number | null = null) {
  return { reaction, retryAfterMs, isRestart: false };
}

describe('ReconnectPlan', () => {
  it('spreads a hint a little, and never before it', () => {
    for (const random of [0, 0.5, 0.999]) {
      const plan = new ReconnectPlan(() => random);
      const step = plan.next(ending('reconnect', 5_000), 0);
      if (step.kind !== 'wait') throw new Error(step.kind);
      expect(step.delayMs).toBeGreaterThanOrEqual(5_000);
      expect(step.delayMs).toBeLessThan(5_000 + hintJitterMs);
      expect(step.isFirm).toBe(true);
    }
  });

  it('takes the longer of a hint and the pause after a mistake', () => {
    const plan = new ReconnectPlan(() => 0);
    expect(plan.next(ending('reconnect_slowly', 5_000), 0)).toMatchObject({ delayMs: slowReconnectMs, isFirm: true });
    expect(plan.next(ending('reconnect_slowly', 60_000), 0)).toMatchObject({ delayMs: 60_000 });
  });

  it('counts attempts for the user, and failures for itself', () => {
    const plan = new ReconnectPlan(() => 0.5);
    for (let i = 1; i <= 3; i++) {
      plan.next(ending('reconnect', 5_000), 0);
      expect(plan.attempt).toBe(i);
    }
    expect(plan.next(ending('reconnect'), 0)).toEqual({ kind: 'wait', delayMs: 250, isFirm: false });
    plan.reset();
    expect(plan.attempt).toBe(0);
  });

  it('forgets what was announced once it has been used, also by a stop', () => {
    const plan = new ReconnectPlan(() => 0);
    plan.announce(9_000);
    expect(plan.next(ending('stop'), 0)).toEqual({ kind: 'stop' });
    expect(plan.next(ending('reconnect'), 0)).toMatchObject({ delayMs: 0 });
  });
});
