import { backoffMs } from '../session/backoff';
import type { Clock } from '../session/clock';
import { sessionTopics, type SessionEvent } from './types';

/** The part of EventSource that is used. */
export interface EventSourceLike {
  readonly readyState: number;
  onopen: (() => void) | null;
  onerror: (() => void) | null;
  addEventListener(topic: string, listener: (event: { data: string }) => void): void;
  close(): void;
}

const closed = 2;

/**
 * `GET /api/v1/events`. The browser resumes a broken stream with `Last-Event-ID`; when it gives up
 * (an HTTP error), this goes on with backoff. `onOpen` says: load the list, then apply what follows.
 */
export class EventStream {
  private source: EventSourceLike | null = null;
  private attempt = 0;
  private timer: number | null = null;

  constructor(
    private readonly open: () => EventSourceLike,
    private readonly clock: Clock,
    private readonly random: () => number,
    private readonly listener: { onOpen(): void; onEvent(event: SessionEvent): void },
  ) {}

  start(): void {
    this.stop();
    const source = this.open();
    this.source = source;
    source.onopen = () => {
      this.attempt = 0;
      this.listener.onOpen();
    };
    source.onerror = () => {
      if (source.readyState === closed) this.retry();
    };
    for (const topic of sessionTopics) {
      source.addEventListener(topic, (event) => {
        const parsed = parseEvent(event.data);
        if (parsed) this.listener.onEvent({ ...parsed, topic });
      });
    }
  }

  /** Something may have changed: do not wait for the rest of a delay. */
  checkNow(): void {
    if (this.timer !== null || this.source?.readyState === closed) this.start();
  }

  stop(): void {
    if (this.timer !== null) this.clock.clearTimeout(this.timer);
    this.timer = null;
    this.source?.close();
    this.source = null;
  }

  private retry(): void {
    this.stop();
    const delayMs = Math.max(500, backoffMs(this.attempt++, this.random()));
    this.timer = this.clock.setTimeout(() => this.start(), delayMs);
  }
}

function parseEvent(data: string): SessionEvent | null {
  try {
    const value = JSON.parse(data) as SessionEvent;
    return typeof value?.session?.id === 'string' ? value : null;
  } catch {
    return null; // Not JSON: nothing that could be applied.
  }
}
