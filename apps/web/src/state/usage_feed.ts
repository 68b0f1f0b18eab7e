import type { Clock } from '../session/clock';

/**
 * Asks from time to time what the sessions take of the machine: events tell of changes, and CPU use
 * changes all the time. Only while the link is up and somebody looks.
 */
export class UsageFeed {
  private timer: number | null = null;
  private everyMs: number | null = null;
  private isUp = false;
  private isAsking = false;
  private askedAt = -Infinity;

  constructor(
    /** Must not reject. */
    private readonly refresh: () => Promise<void>,
    private readonly clock: Clock,
  ) {}

  /** The list is loaded now, and its figures with it. */
  onUp(): void {
    this.isUp = true;
    this.askedAt = this.clock.now();
    this.schedule();
  }

  onDown(): void {
    this.isUp = false;
    this.schedule();
  }

  /** Null: not while this lasts. */
  setEvery(everyMs: number | null): void {
    if (everyMs === this.everyMs) return;
    this.everyMs = everyMs;
    this.schedule();
  }

  private schedule(): void {
    if (this.timer !== null) this.clock.clearTimeout(this.timer);
    this.timer = null;
    if (!this.isUp || this.everyMs === null || this.isAsking) return;
    const delayMs = Math.max(0, this.askedAt + this.everyMs - this.clock.now());
    this.timer = this.clock.setTimeout(() => void this.ask(), delayMs);
  }

  private async ask(): Promise<void> {
    this.timer = null;
    this.isAsking = true;
    await this.refresh();
    this.isAsking = false;
    this.askedAt = this.clock.now();
    this.schedule();
  }
}
