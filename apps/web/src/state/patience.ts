import { ApiError, messageOf } from '../api/client';
import { backoffMs } from '../session/backoff';
import type { Clock } from '../session/clock';
import { hintJitterMs, refusedAtLeastMs } from '../session/reconnect_plan';

/** Why something does not work now, and when it is tried again (a moment of the clock). */
export interface Trouble {
  text: string;
  retryAt: number;
}

const atLeastMs = 500;

/** The delay before another try: the server's word, else backoff; `attempt` counts from 0. */
export function retryDelayMs(error: unknown, attempt: number, random: number): number {
  const askedMs = error instanceof ApiError ? (error.refused?.retryAfterMs ?? null) : null;
  if (askedMs === null) return Math.max(atLeastMs, backoffMs(attempt, random));
  return Math.max(refusedAtLeastMs, askedMs) + Math.floor(random * hintJitterMs);
}

export function troubleText(error: unknown): string {
  return (error instanceof ApiError ? error.refused?.text : null) ?? messageOf(error);
}

/** Does something that the page cannot go on without, until it works, and says what it waits for. */
export class Patience {
  private round = 0;
  private timer: number | null = null;
  private wake: (() => void) | null = null;

  constructor(
    private readonly clock: Clock,
    /** Uniform in [0, 1). */
    private readonly random: () => number,
    private readonly onTrouble: (trouble: Trouble | null) => void,
  ) {}

  /**
   * True when `action` has worked; false when `stop` or another call took its place. Throws what
   * `isFinal` says waiting will not change.
   */
  async until(action: () => Promise<void>, isFinal: (error: unknown) => boolean): Promise<boolean> {
    this.stop();
    const round = this.round;
    for (let attempt = 0; ; attempt++) {
      const error = await action().then(
        () => null,
        (thrown: unknown) => ({ thrown }),
      );
      if (round !== this.round) return false;
      if (error === null || isFinal(error.thrown)) {
        this.stop();
        if (error !== null) throw error.thrown;
        return true;
      }
      await this.wait(error.thrown, retryDelayMs(error.thrown, attempt, this.random()));
      if (round !== this.round) return false;
    }
  }

  /** The user asks: not later but now. */
  tryNow(): void {
    if (this.timer !== null) this.clock.clearTimeout(this.timer);
    this.timer = null;
    this.wake?.();
  }

  stop(): void {
    this.round += 1;
    this.tryNow();
    this.onTrouble(null);
  }

  private wait(error: unknown, delayMs: number): Promise<void> {
    this.onTrouble({ text: troubleText(error), retryAt: this.clock.now() + delayMs });
    return new Promise((resolve) => {
      this.wake = () => {
        this.wake = null;
        resolve();
      };
      this.timer = this.clock.setTimeout(() => this.tryNow(), delayMs);
    });
  }
}
