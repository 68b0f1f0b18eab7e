import type { Clock } from './clock';

/** A ping without any answer for this long means that the connection is dead. */
export const pongTimeoutMs = 8_000;
/** The same when something suggests that the network changed: the user is looking and waits. */
export const checkTimeoutMs = 2_500;

/** Whether the other end is there: pings after silence (the server's own are invisible to scripts). */
export class Heartbeat {
  private timer: number | null = null;
  private nextPing = 1;
  private isBeating = false;
  /** The ping that has no pong yet. */
  private awaited: { id: number; timeoutMs: number } | null = null;

  constructor(
    private readonly clock: Clock,
    private everyMs: number | null,
    private readonly sendPing: (id: number) => void,
    /** The peer does not answer. */
    private readonly onSilence: () => void,
  ) {}

  /** The first word must come within this time. */
  expectFirstWord(withinMs: number): void {
    this.arm(withinMs, this.onSilence);
  }

  start(): void {
    this.isBeating = true;
    this.rest();
  }

  stop(): void {
    this.isBeating = false;
    this.awaited = null;
    this.disarm();
  }

  /** How long a silence is before it is checked; null: it is not. */
  setEvery(everyMs: number | null): void {
    if (everyMs === this.everyMs) return;
    this.everyMs = everyMs;
    if (this.isBeating && !this.awaited) this.rest();
  }

  /** Something may have changed: find out now. */
  check(): void {
    this.ping(checkTimeoutMs);
  }

  /**
   * Something came. A flood in front of a pong does no harm, but it is no answer either: it may have
   * been on its way when the network went, so the next silence is judged as strictly as before.
   */
  noteWord(): void {
    if (!this.isBeating) return;
    if (this.awaited) this.arm(this.awaited.timeoutMs, this.onSilence);
    else this.rest();
  }

  notePong(id: number): void {
    if (!this.awaited || id < this.awaited.id) return;
    this.awaited = null;
    this.rest();
  }

  private rest(): void {
    this.disarm();
    if (this.everyMs !== null) this.arm(this.everyMs, () => this.ping(pongTimeoutMs));
  }

  private ping(timeoutMs: number): void {
    this.awaited = { id: this.nextPing++, timeoutMs };
    this.sendPing(this.awaited.id);
    this.arm(timeoutMs, this.onSilence);
  }

  private arm(delayMs: number, callback: () => void): void {
    this.disarm();
    this.timer = this.clock.setTimeout(() => {
      this.timer = null;
      callback();
    }, delayMs);
  }

  private disarm(): void {
    if (this.timer !== null) this.clock.clearTimeout(this.timer);
    this.timer = null;
  }
}
