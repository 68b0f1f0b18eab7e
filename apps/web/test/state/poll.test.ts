import { describe, expect, it } from 'vitest';
import { Poll } from '../../src/state/poll';
import { ManualClock } from '../support/manual_clock';

function setUp() {
  const clock = new ManualClock();
  let asked = 0;
  let answer: () => void = () => undefined;
  const feed = new Poll(() => {
    asked++;
    return new Promise((resolve) => (answer = resolve));
  }, clock);
  const settle = async () => {
    answer();
    await Promise.resolve();
    await Promise.resolve();
  };
  return { clock, feed, asked: () => asked, settle };
}

describe('Poll', () => {
  it('asks at intervals, and never twice at a time', async () => {
    const { clock, feed, asked, settle } = setUp();
    feed.setEvery(5_000);
    clock.advance(20_000);
    expect(asked()).toBe(0); // There is no link.
    feed.onUp();
    clock.advance(4_999);
    expect(asked()).toBe(0);
    clock.advance(1);
    expect(asked()).toBe(1);
    clock.advance(20_000);
    expect(asked()).toBe(1);
    await settle();
    clock.advance(5_000);
    expect(asked()).toBe(2);
  });

  it('rests while nobody looks, and catches up then', async () => {
    const { clock, feed, asked, settle } = setUp();
    feed.setEvery(5_000);
    feed.onUp();
    feed.setEvery(null);
    clock.advance(60_000);
    expect(asked()).toBe(0);
    feed.setEvery(5_000);
    clock.advance(0);
    expect(asked()).toBe(1);
    feed.onDown();
    await settle();
    clock.advance(60_000);
    expect(asked()).toBe(1);
  });

  it('asks early for news, but not without a pause, and not when it may not', async () => {
    const { clock, feed, asked, settle } = setUp();
    feed.setEvery(5_000);
    feed.onUp();
    feed.hurry();
    feed.hurry();
    clock.advance(249);
    expect(asked()).toBe(0);
    clock.advance(1);
    expect(asked()).toBe(1);
    feed.hurry(); // Newer than what is being asked.
    await settle();
    clock.advance(250);
    expect(asked()).toBe(2);
    await settle();
    clock.advance(4_999);
    expect(asked()).toBe(2);
    feed.setEvery(null);
    feed.hurry();
    clock.advance(60_000);
    expect(asked()).toBe(2);
  });
});
