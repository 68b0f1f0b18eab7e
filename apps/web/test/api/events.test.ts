import { describe, expect, it } from 'vitest';
import { EventStream, type EventSourceLike } from '../../src/api/events';
import type { SessionEvent } from '../../src/api/types';
import { ManualClock } from '../support/manual_clock';
import { session } from '../support/session';

class FakeSource implements EventSourceLike {
  readyState = 0;
  onopen: (() => void) | null = null;
  onerror: (() => void) | null = null;
  isClosed = false;
  private listeners = new Map<string, (event: { data: string }) => void>();

  addEventListener(topic: string, listener: (event: { data: string }) => void): void {
    this.listeners.set(topic, listener);
  }

  tell(topic: string, data: string): void {
    this.listeners.get(topic)?.({ data });
  }

  fail(readyState: number): void {
    this.readyState = readyState;
    this.onerror?.();
  }

  close(): void {
    this.isClosed = true;
  }
}

function setUp() {
  const clock = new ManualClock();
  const sources: FakeSource[] = [];
  const seen = { opens: 0, events: [] as SessionEvent[] };
  const stream = new EventStream(
    () => {
      const source = new FakeSource();
      sources.push(source);
      return source;
    },
    clock,
    () => 0.5,
    { onOpen: () => seen.opens++, onEvent: (event) => seen.events.push(event) },
  );
  stream.start();
  return { clock, sources, seen, stream };
}

describe('EventStream', () => {
  it('passes on what it understands', () => {
    const { sources, seen } = setUp();
    sources[0]?.onopen?.();
    sources[0]?.tell('session.changed', JSON.stringify({ at: 't', session: session('a') }));
    sources[0]?.tell('session.changed', 'not json');
    sources[0]?.tell('session.changed', '{"session":{}}');
    expect(seen.opens).toBe(1);
    expect(seen.events).toEqual([{ topic: 'session.changed', at: 't', session: session('a') }]);
  });

  it('leaves a broken connection to the browser and takes over when that gives up', () => {
    const { clock, sources } = setUp();
    sources[0]?.fail(0);
    clock.advance(60_000);
    expect(sources.length).toBe(1);
    sources[0]?.fail(2);
    expect(sources[0]?.isClosed).toBe(true);
    clock.advance(499);
    expect(sources.length).toBe(1);
    clock.advance(1);
    expect(sources.length).toBe(2);
    sources[1]?.fail(2);
    sources[1]?.fail(2);
    clock.advance(30_000);
    expect(sources.length).toBe(3);
  });

  it('tries at once when asked, and stops for good', () => {
    const { clock, sources, stream } = setUp();
    stream.checkNow();
    expect(sources.length).toBe(1);
    sources[0]?.fail(2);
    stream.checkNow();
    expect(sources.length).toBe(2);
    stream.stop();
    clock.advance(60_000);
    expect(sources.length).toBe(2);
    expect(clock.pending).toBe(0);
  });
});
