import { describe, expect, it } from 'vitest';
import { ApiError } from '../../src/api/client';
import type { ClientMessage } from '../../src/protocol/messages';
import { demandOf } from '../../src/session/demand';
import type { Trouble } from '../../src/state/patience';
import { SessionFeed } from '../../src/state/session_feed';
import { settled } from '../support/link_stage';
import { ManualClock } from '../support/manual_clock';

const full = new ApiError(503, 'limit', null, {
  kind: 'refused',
  code: 'at-capacity',
  text: 'The server is full.',
  retryAfterMs: 7_000,
});

function setUp() {
  const clock = new ManualClock();
  const log: string[] = [];
  const world = { error: null as Error | null, trouble: null as Trouble | null };
  const link = {
    send: (message: ClientMessage) => {
      log.push(message.type === 'subscribe' ? `subscribe ${message.topics.length}` : message.type);
      return true;
    },
  };
  const load = () => {
    log.push('load');
    return world.error ? Promise.reject(world.error) : Promise.resolve();
  };
  const feed = new SessionFeed(link, load, clock, () => 0.5, (trouble) => (world.trouble = trouble));
  return { clock, log, world, feed };
}

describe('SessionFeed', () => {
  it('subscribes first and loads then, after each connection', async () => {
    const t = setUp();
    for (let i = 1; i <= 2; i++) {
      t.feed.onUp();
      t.clock.advance(250);
      await settled();
      expect(t.log.splice(0)).toEqual(['subscribe 6', 'load']);
      t.clock.advance(3_600_000); // There is no polling.
      t.feed.onDown();
    }
    expect([t.log, t.clock.pending]).toEqual([[], 0]);
  });

  it('tries again when the server asks, and says so', async () => {
    const t = setUp();
    t.world.error = full;
    t.feed.onUp();
    t.clock.advance(250);
    await settled();
    expect(t.world.trouble).toEqual({ text: 'The server is full.', retryAt: t.clock.now() + 7_250 });
    t.clock.advance(7_249);
    expect(t.log).toEqual(['subscribe 6', 'load']);
    t.world.error = null;
    t.clock.advance(1);
    await settled();
    expect([t.log.at(-1), t.world.trouble, t.clock.pending]).toEqual(['load', null, 0]);
  });

  it('loads at once when the user asks, once', async () => {
    const t = setUp();
    t.world.error = full;
    t.feed.onUp();
    t.feed.tryNow();
    t.feed.tryNow();
    await settled();
    expect(t.log).toEqual(['subscribe 6', 'load']);
  });

  it('takes its time under pressure, and none of the server’s while hidden from view at a full one', async () => {
    const t = setUp();
    t.feed.onUp();
    t.feed.setDemand(demandOf(1, false)); // What follows hello says that the server is nearly full.
    t.clock.advance(1_999);
    expect(t.log).toEqual(['subscribe 6']);
    t.feed.setDemand(demandOf(2, true));
    t.clock.advance(3_600_000);
    expect(t.log).toEqual(['subscribe 6']);
    t.feed.setDemand(demandOf(2, false)); // The page is shown.
    t.clock.advance(5_000);
    await settled();
    expect(t.log).toEqual(['subscribe 6', 'load']);
    for (const level of [0, 1, 2, 0] as const) t.feed.setDemand(demandOf(level, false));
    t.clock.advance(3_600_000);
    expect(t.log.length).toBe(2); // Nothing is behind any more.
  });

  it('keeps to the time that the server has asked for when the level changes', async () => {
    const t = setUp();
    t.world.error = full;
    t.feed.onUp();
    t.clock.advance(250);
    await settled();
    t.feed.setDemand(demandOf(2, true));
    t.feed.setDemand(demandOf(0, false));
    t.clock.advance(7_249);
    expect(t.log.length).toBe(2);
    t.clock.advance(1);
    expect(t.log.length).toBe(3);
  });

  it('does not take a list of before the subscription for the one after it', async () => {
    const t = setUp();
    t.feed.onUp();
    t.clock.advance(250);
    t.feed.onDown();
    t.feed.onUp();
    await settled();
    t.clock.advance(250);
    await settled();
    expect(t.log).toEqual(['subscribe 6', 'load', 'subscribe 6', 'load']);
  });
});
