import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { backoffFirstMs } from '../../src/session/backoff';
import { limitedAttempts, slowReconnectMs } from '../../src/session/reconnect_plan';
import { connectedStage } from '../support/link_stage';

type Action = 'stop' | 'ended' | 'authenticate' | 'reconnect' | 'not_soon' | 'limited' | 'fresh';
const golden = JSON.parse(
  readFileSync(new URL('../../../../tests/golden/close_codes.json', import.meta.url), 'utf8'),
) as { codes: { code: number; client: Action }[] };

type Stage = ReturnType<typeof connectedStage>;

/** Whatever the page notices for an hour, nothing is sent. */
function staysAway(t: Stage, code: number): void {
  expect(t.link.state).toMatchObject({ kind: 'stopped', code });
  t.clock.advance(3_600_000);
  t.link.checkNow();
  expect([t.sockets.length, t.clock.pending]).toEqual([1, 0]);
}

async function comesBack(t: Stage, options: { fresh: boolean }): Promise<void> {
  expect(await t.pass()).toBe(backoffFirstMs / 2);
  t.socket.accept();
  expect(t.seen.ups.at(-1)).toEqual(options);
}

const expectations: Record<Action, (t: Stage, code: number) => Promise<void> | void> = {
  stop: (t, code) => {
    staysAway(t, code);
    t.link.connect(); // The user wants it.
    expect(t.sockets.length).toBe(2);
  },
  ended: staysAway,
  authenticate: (t, code) => {
    staysAway(t, code);
    expect(t.link.state).toMatchObject({ rule: { reaction: 'login' } });
  },
  reconnect: (t, code) => {
    // A restart has intervals of its own; with this random number the first one is as long again.
    if (code !== 1012) return comesBack(t, { fresh: false });
    expect(t.delayMs).toBe(500);
    return t.pass().then(() => expect(t.sockets.length).toBe(2));
  },
  not_soon: async (t) => {
    expect(t.delayMs).toBeGreaterThanOrEqual(slowReconnectMs);
    t.clock.advance(slowReconnectMs - 1);
    t.link.checkNow(); // The page is shown: that changes nothing about what it has sent.
    expect(t.sockets.length).toBe(1);
    await t.pass();
    expect(t.sockets.length).toBe(2);
  },
  limited: async (t, code) => {
    for (let i = 0; i < limitedAttempts; i++) {
      await t.pass();
      t.socket.accept();
      t.socket.drop(code);
    }
    expect(t.link.state).toMatchObject({ kind: 'stopped', code });
    expect([t.sockets.length, t.clock.pending]).toEqual([1 + limitedAttempts, 0]);
  },
  fresh: async (t) => {
    await comesBack(t, { fresh: true });
    t.socket.drop(1006);
    await t.pass();
    t.socket.accept();
    expect(t.seen.ups.at(-1)).toEqual({ fresh: false });
  },
};

describe('what a link does after', () => {
  for (const { code, client } of golden.codes) {
    it(`${code}: ${client}`, async () => {
      const t = connectedStage();
      t.socket.drop(code);
      await expectations[client](t, code);
    });
  }
});
