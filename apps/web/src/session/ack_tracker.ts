import type { Clock } from './clock';

/** An ack is sent after this many parsed bytes (less when the server's window is small). */
export const ackEveryBytes = 128 * 1024;
/** An ack for fewer bytes waits this long for more to come. */
export const ackIdleMs = 100;

/** Decides when parsed offsets are acknowledged: each `threshold` bytes, and when parsing pauses. */
export class AckTracker {
  private parsed = 0;
  private acked = 0;
  private timer: number | null = null;
  private threshold = ackEveryBytes;

  constructor(
    private readonly clock: Clock,
    private readonly send: (offset: number) => void,
  ) {}

  /** A new stream starts at `offset`; what was parsed before belongs to another one. */
  start(offset: number, windowBytes: number | undefined): void {
    this.stop();
    this.parsed = offset;
    this.acked = offset;
    this.threshold = Math.max(1, Math.min(ackEveryBytes, Math.floor((windowBytes ?? Infinity) / 4)));
  }

  /** The terminal has parsed everything before `offset`. */
  onParsed(offset: number): void {
    if (offset <= this.parsed) return;
    this.parsed = offset;
    if (this.parsed - this.acked >= this.threshold) this.flush();
    else this.timer ??= this.clock.setTimeout(() => this.flush(), ackIdleMs);
  }

  /** Sends what is due now, e.g. after a snapshot. */
  flush(): void {
    this.stop();
    if (this.parsed === this.acked) return;
    this.acked = this.parsed;
    this.send(this.acked);
  }

  stop(): void {
    if (this.timer !== null) this.clock.clearTimeout(this.timer);
    this.timer = null;
  }
}
