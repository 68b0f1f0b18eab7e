import { describe, expect, it } from 'vitest';
import { ApiError } from '../../src/api/client';
import { Patience, retryDelayMs, type Trouble } from '../../src/state/patience';
import { settled } from '../support/link_stage';
import { ManualClock } from '../support/manual_clock';

const away = new ApiError(0, 'The server cannot be reached.');
const full = (retryAfterMs: number | null) =>
  new ApiError(503, 'limit', null, { kind: 'refused', code: 'at-capacity', text: 'The server is full.', retryAfterMs });

/** An action that fails with each of `errors` in turn, then works. */
function setUp(...errors: Error[]) {
  const clock = new ManualClock();
  const seen = { troubles: [] as (Trouble | null)[], calls: 0 };
  const patience = new Patience(clock, () => 0.5, (trouble) => seen.troubles.push(trouble));
  const action = () => {
    const error = errors[seen.calls++];
    return error ? Promise.reject(error) : Promise.resolve();
  };
  const isFinal = (error: unknown) => error instanceof ApiError && error.status === 401;
  return { clock, seen, patience, done: patience.until(action, isFinal) };
}

describe('Patience', () => {
  it('tries until it works, and says why it waits and until when', async () => {
    const t = setUp(full(6_000), away);
    await settled();
    expect(t.seen.troubles.at(-1)).toEqual({ text: 'The server is full.', retryAt: t.clock.now() + 6_250 });
    t.clock.advance(6_249);
    await settled();
    expect(t.seen.calls).toBe(1);
    t.clock.advance(1);
    await settled();
    expect(t.seen.troubles.at(-1)).toMatchObject({ text: 'The server cannot be reached.' });
    t.clock.advance(500);
    expect(await t.done).toBe(true);
    expect([t.seen.troubles.at(-1), t.clock.pending]).toEqual([null, 0]);
  });

  it('tries at once when the user asks', async () => {
    const t = setUp(full(60_000));
    await settled();
    t.patience.tryNow();
    expect(await t.done).toBe(true);
    expect(t.clock.pending).toBe(0);
  });

  it('does not wait for what waiting does not change', async () => {
    const t = setUp(new ApiError(401, 'no'));
    await expect(t.done).rejects.toMatchObject({ status: 401 });
    expect(t.seen.troubles.at(-1)).toBeNull();
  });

  it('gives up when it is stopped, or when something else is wanted', async () => {
    const t = setUp(away);
    await settled();
    const other = t.patience.until(() => Promise.resolve(), () => false);
    expect([await t.done, await other]).toEqual([false, true]);
    const u = setUp(away);
    await settled();
    u.patience.stop();
    expect(await u.done).toBe(false);
    expect([u.seen.calls, u.clock.pending]).toEqual([1, 0]);
  });
});

describe('the delay before another try', () => {
  it('is what the server asks, and not the backoff on top', () => {
    expect(retryDelayMs(full(8_000), 9, 0)).toBe(8_000);
    expect(retryDelayMs(full(8_000), 9, 0.999)).toBeLessThan(8_500);
    expect(retryDelayMs(full(0), 0, 0)).toBe(1_000);
  });

  it('grows where the server says nothing, and is never nothing', () => {
    expect([0, 1, 2, 3, 9].map((attempt) => retryDelayMs(full(null), attempt, 0.5))).toEqual([
      500, 500, 1_000, 2_000, 15_000,
    ]);
    expect(retryDelayMs(away, 0, 0)).toBe(500);
  });
});
