import { describe, expect, it } from 'vitest';
import { ackEveryBytes, ackIdleMs, AckTracker } from '../../src/session/ack_tracker';
import { ManualClock } from '../support/manual_clock';

function setUp(windowBytes?: number) {
  const clock = new ManualClock();
  const sent: number[] = [];
  const tracker = new AckTracker(clock, (offset) => sent.push(offset));
  tracker.start(1000, windowBytes);
  return { clock, sent, tracker };
}

describe('AckTracker', () => {
  it('acknowledges each 128 KiB', () => {
    const { sent, tracker } = setUp();
    tracker.onParsed(1000 + ackEveryBytes - 1);
    expect(sent).toEqual([]);
    tracker.onParsed(1000 + ackEveryBytes);
    expect(sent).toEqual([1000 + ackEveryBytes]);
  });

  it('acknowledges the rest when parsing pauses, once', () => {
    const { clock, sent, tracker } = setUp();
    tracker.onParsed(1010);
    tracker.onParsed(1020);
    clock.advance(ackIdleMs);
    clock.advance(10_000);
    expect(sent).toEqual([1020]);
    expect(clock.pending).toBe(0);
  });

  it('acknowledges more often when the window is small, or nothing would ever come', () => {
    const { sent, tracker } = setUp(4096);
    tracker.onParsed(1000 + 1024);
    expect(sent).toEqual([2024]);
  });

  it('never goes back and forgets on a new stream', () => {
    const { clock, sent, tracker } = setUp();
    tracker.onParsed(5000);
    tracker.onParsed(4000);
    tracker.start(9000, undefined);
    tracker.onParsed(8000);
    clock.advance(ackIdleMs);
    expect(sent).toEqual([]);
    tracker.onParsed(9001);
    clock.advance(ackIdleMs);
    expect(sent).toEqual([9001]);
  });
});
