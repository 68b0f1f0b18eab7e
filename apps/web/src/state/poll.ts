import type { Clock } from '../session/clock';

/** Between two questions, however much there is to ask about. */
const atLeastMs = 250;

/**
 * Asks from time to time for what events do not tell, since it changes all the time: CPU use, the
 * figures of a window. Only while the link is up and somebody looks.
 */
export class Poll {
  private timer: number | null = null;
  private everyMs: number | null = null;
  private isUp = false;
  private isAsking = false;
  private isHurried = false;
  private askedAt = -Infinity;

  constructor(
    /** Must not reject. */
    private readonly refresh: () => Promise<void>,
    private readonly clock: Clock,
  ) {}

  /** Everything is loaded now, and the figures with it. */
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

  /** There is news: the next question does not wait for its turn. */
  hurry(): void {
    this.isHurried = true;
    this.schedule();
  }

  private schedule(): void {
    if (this.timer !== null) this.clock.clearTimeout(this.timer);
    this.timer = null;
    if (!this.isUp || this.everyMs === null || this.isAsking) return;
    const pauseMs = this.isHurried ? atLeastMs : this.everyMs;
    const delayMs = Math.max(0, this.askedAt + pauseMs - this.clock.now());
    this.timer = this.clock.setTimeout(() => void this.ask(), delayMs);
  }

  private async ask(): Promise<void> {
    this.timer = null;
    this.isAsking = true;
    this.isHurried = false;
    await this.refresh();
    this.isAsking = false;
    this.askedAt = this.clock.now();
    this.schedule();
  }
}
