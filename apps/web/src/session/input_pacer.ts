import type { Clock } from './clock';

/** A frame of input carries at most this much: below any sensible server limit for one frame. */
export const inputPieceBytes = 16 * 1024;
/** After this many bytes in a row the rest is sent at a steady rate … */
export const inputBurstBytes = 64 * 1024;
/** … of one piece in this time (320 KiB/s), which a server accepts from one connection. */
export const inputPieceMs = 50;
/** A paste larger than this is refused as a whole. */
export const inputMaxBytes = 4 * 1024 * 1024;

/** Cuts large input (a paste) into pieces and sends them no faster than a server takes them. */
export class InputPacer {
  private queue: Uint8Array[] = [];
  private queuedBytes = 0;
  private budget = inputBurstBytes;
  private refilledAt = 0;
  private timer: number | null = null;

  constructor(
    private readonly clock: Clock,
    private readonly send: (bytes: Uint8Array) => boolean,
  ) {}

  /** False, and nothing sent, when more than the bound is waiting. */
  push(bytes: Uint8Array): boolean {
    if (this.queuedBytes + bytes.length > inputMaxBytes) return false;
    for (let at = 0; at < bytes.length; at += inputPieceBytes) {
      this.queue.push(bytes.subarray(at, at + inputPieceBytes));
    }
    this.queuedBytes += bytes.length;
    this.run();
    return true;
  }

  /** Forgets what has not been sent: it belonged to a connection that is gone. */
  clear(): void {
    this.queue = [];
    this.queuedBytes = 0;
    if (this.timer !== null) this.clock.clearTimeout(this.timer);
    this.timer = null;
  }

  private run(): void {
    if (this.timer !== null) return;
    const elapsedMs = this.clock.now() - this.refilledAt;
    const refill = (elapsedMs / inputPieceMs) * inputPieceBytes;
    this.budget = Math.min(inputBurstBytes, this.budget + refill);
    this.refilledAt = this.clock.now();
    while (this.queue.length > 0) {
      const piece = this.queue[0] as Uint8Array;
      if (this.budget < piece.length) {
        this.timer = this.clock.setTimeout(() => {
          this.timer = null;
          this.run();
        }, inputPieceMs);
        return;
      }
      if (!this.send(piece)) {
        this.clear();
        return;
      }
      this.queue.shift();
      this.queuedBytes -= piece.length;
      this.budget -= piece.length;
    }
  }
}
