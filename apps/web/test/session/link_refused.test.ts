import { describe, expect, it } from 'vitest';
import type { Refused } from '../../src/protocol/refusal';
import type { Refusal } from '../../src/session/link_types';
import { restartRetryMs, restartWindowMs } from '../../src/session/reconnect_plan';
import { connectedStage, linkStage } from '../support/link_stage';

const full: Refused = { kind: 'refused', code: 'at-capacity', text: 'The server is full.', retryAfterMs: 9_000 };

/** A page whose first handshake fails, and what the server says about it over HTTP. */
async function refused(refusal: Refusal) {
  const t = linkStage();
  t.world.refusal = refusal;
  t.link.connect();
  await t.failHandshake();
  return t;
}

describe('a handshake that fails', () => {
  it('may have been a 401 or a 403', async () => {
    const out = await refused('unauthenticated');
    expect(out.link.state).toMatchObject({ kind: 'stopped', code: 4401, rule: { reaction: 'login' } });
    const forbidden = await refused('forbidden');
    expect(forbidden.link.state).toMatchObject({ kind: 'stopped', code: 4403 });
  });

  it('says why there is no room, and tries again when the server asks', async () => {
    const t = await refused(full);
    for (let i = 0; i < 4; i++) {
      expect(t.link.state).toMatchObject({ kind: 'waiting', reason: full.text });
      expect(await t.pass()).toBe(9_250); // the hint and its spread; it does not grow
    }
    // One handshake failed; since then it asks over HTTP.
    expect([t.sockets.length, t.world.probes]).toEqual([1, 5]);
    t.world.refusal = 'none';
    await t.pass();
    expect(t.link.state).toMatchObject({ kind: 'connecting', reason: full.text });
    t.socket.accept();
    t.socket.drop(1006);
    expect(t.link.state).toMatchObject({ kind: 'waiting', reason: null });
  });

  it('is not tried sooner because the page is shown, but when the user asks', async () => {
    const t = await refused(full);
    t.link.checkNow();
    expect(t.sockets.length).toBe(1);
    t.link.connect();
    expect(t.sockets.length).toBe(2);
    await t.failHandshake();
    expect(t.delayMs).toBe(9_250);
  });

  it('is tried at once when a hidden page is shown after its time', async () => {
    const t = await refused(full);
    t.clock.skip(60_000); // Browsers hold the timers of hidden pages back for up to a minute.
    expect(t.link.state.kind).toBe('waiting');
    t.link.checkNow();
    expect(t.sockets.length).toBe(2);
  });

  it('without a time to wait is backed off from, and never asked again at once', async () => {
    const t = await refused({ ...full, retryAfterMs: null });
    expect(await t.pass()).toBe(250);
    expect(await t.pass()).toBe(500);
    const u = await refused({ ...full, retryAfterMs: 0 });
    expect(u.delayMs).toBe(1_250);
  });

  it('at a server that is away is not repeated: HTTP tells when it is back', async () => {
    const t = await refused('unreachable');
    const delays = [await t.pass(), await t.pass(), await t.pass()];
    expect(delays).toEqual([250, 500, 1000]);
    expect(t.sockets.length).toBe(1);
    t.world.refusal = 'none';
    await t.pass();
    expect(t.sockets.length).toBe(2);
  });

  it('is repeated with backoff when HTTP has nothing against it', async () => {
    const t = await refused('none');
    const delays = [];
    for (let i = 0; i < 3; i++) {
      delays.push(await t.pass());
      await t.failHandshake();
    }
    expect(delays).toEqual([250, 500, 1000]);
    expect(t.sockets.length).toBe(4);
  });

  it('is not answered by what was asked before the user tried', async () => {
    const t = linkStage();
    t.world.refusal = 'forbidden';
    t.link.connect();
    t.socket.drop(1006); // the question is under way
    t.link.connect();
    t.world.refusal = 'none';
    t.socket.accept();
    await Promise.resolve();
    expect(t.link.state.kind).toBe('connected');
    const u = linkStage();
    u.link.connect();
    u.socket.drop(1006);
    u.link.close();
    await Promise.resolve();
    expect([u.link.state.kind, u.clock.pending]).toEqual(['idle', 0]);
  });
});

describe('1013', () => {
  it('is the same, told in the close', async () => {
    const t = connectedStage();
    t.socket.drop(1013, 'Retry-After: 9');
    expect(t.link.state).toMatchObject({ kind: 'waiting', reason: 'The server is full.' });
    expect(await t.pass()).toBe(9_250);
    const u = connectedStage();
    u.socket.drop(1013);
    expect(u.delayMs).toBe(250);
  });
});

describe('a restart', () => {
  /** A page that was told to come back in 3 s. */
  function drained() {
    const t = connectedStage();
    t.socket.tell({ type: 'draining', reconnect_after_ms: 3_000 });
    t.socket.drop(1012, 'the server restarts');
    return t;
  }

  it('is waited for as announced, then with short intervals, then as ever', async () => {
    const t = drained();
    const closedAt = t.clock.now();
    t.link.checkNow();
    expect(await t.pass()).toBe(3_250);
    t.world.refusal = 'unreachable';
    await t.failHandshake();
    while (t.clock.now() < closedAt + 3_000 + restartWindowMs) {
      expect(await t.pass()).toBe(restartRetryMs / 2);
    }
    expect([await t.pass(), await t.pass(), await t.pass()]).toEqual([250, 500, 1000]);
    expect(t.sockets.length).toBe(2);
  });

  it('brings every page back within 2 s of the moment when the server is there', async () => {
    for (const random of [0, 0.25, 0.5, 0.999]) {
      for (const startsAfterMs of [500, 4_000, 12_000]) {
        const t = drained();
        t.world.random = random;
        const upAt = t.clock.now() + 3_000 + startsAfterMs;
        t.world.refusal = 'unreachable';
        await t.pass();
        await t.failHandshake();
        for (let i = 0; i < 2_000 && t.link.state.kind === 'waiting'; i++) {
          if (t.clock.now() + t.delayMs >= upAt) t.world.refusal = 'none';
          // A random number of 0 over and over would be a loop without any time passing.
          if (t.delayMs === 0) t.world.random = 0.5;
          await t.pass();
        }
        expect(t.link.state.kind).toBe('connecting');
        expect(t.clock.now() - upAt).toBeLessThan(2_000);
      }
    }
  });

  it('is also when the old server refuses while it drains, whatever it asks', async () => {
    const t = drained();
    await t.pass();
    t.world.refusal = { kind: 'refused', code: 'shutting-down', text: 'Restarting.', retryAfterMs: 15_000 };
    await t.failHandshake();
    expect(await t.pass()).toBe(restartRetryMs / 2);
    t.world.refusal = full; // The new one is full: that is another matter.
    await t.pass();
    expect(t.delayMs).toBe(9_250);
  });

  it('that goes on and on is not followed at short intervals for ever', async () => {
    const t = drained();
    let passedMs = await t.pass();
    for (let i = 0; i < 60; i++) {
      t.socket.accept();
      t.socket.drop(1012);
      passedMs = await t.pass();
    }
    expect(passedMs).toBe(15_000);
  });
});
