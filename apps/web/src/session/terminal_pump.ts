/** What the pump drives; `write` calls back when exactly these bytes have been parsed. */
export interface TerminalSink {
  write(bytes: Uint8Array, parsed: () => void): void;
  reset(): void;
  resize(cols: number, rows: number): void;
}

type Item =
  | { kind: 'bytes'; bytes: Uint8Array; isReplay: boolean; parsed: () => void }
  | { kind: 'reset' }
  | { kind: 'resize'; cols: number; rows: number }
  | { kind: 'call'; run: () => void };

/** Largest piece handed to the terminal at once: about one or two of its 12 ms parsing slices. */
export const pumpPieceBytes = 64 * 1024;
/** More than this waiting means that the server ignores its own window. */
export const pumpMaxBytes = 8 * 1024 * 1024;

/** CAN: ends an escape sequence that the last stream was cut in. */
const cancelSequence = new Uint8Array([0x18]);

/**
 * Feeds one terminal in order: bytes, resets, resizes and calls take effect exactly between the
 * bytes they were queued between. Only one piece is inside the terminal at a time, so while it is
 * being parsed `isReplay` speaks about exactly those bytes, although parsing is asynchronous.
 */
export class TerminalPump {
  private queue: Item[] = [];
  private queuedBytes = 0;
  private isWriting = false;
  private isRunning = false;
  private replaying = false;
  /** Grows with each reset; what was queued before it has no offset that still counts. */
  private generation = 0;

  constructor(
    private readonly sink: TerminalSink,
    /** All bytes before this offset, in the run of output since the last reset, have been parsed. */
    private readonly onParsed: (offset: number) => void,
  ) {}

  /** Whether the bytes that are being parsed now are replay. */
  get isReplay(): boolean {
    return this.isWriting && this.replaying;
  }

  /** Bytes waiting to be parsed. */
  get pendingBytes(): number {
    return this.queuedBytes;
  }

  get isIdle(): boolean {
    return !this.isWriting && this.queue.length === 0;
  }

  /**
   * Queues output that starts at `start`; the part before `liveOffset` is replay.
   * False, and nothing queued, when the bound is reached.
   */
  output(bytes: Uint8Array, start: number, liveOffset: number): boolean {
    if (this.queuedBytes + bytes.length > pumpMaxBytes) return false;
    const replayed = Math.min(Math.max(liveOffset - start, 0), bytes.length);
    this.push(bytes.subarray(0, replayed), start, true);
    this.push(bytes.subarray(replayed), start + replayed, false);
    this.run();
    return true;
  }

  /** Replaces everything, also what is still waiting, by a state that stands for `offset`. */
  snapshot(bytes: Uint8Array, offset: number): void {
    this.dropBytes();
    this.queue.push({ kind: 'reset' });
    this.push(bytes, null, true);
    this.queue.push({ kind: 'call', run: this.reporter(offset) });
    this.run();
  }

  /** Starts from an empty terminal. */
  reset(): void {
    this.dropBytes();
    this.queue.push({ kind: 'reset' });
    this.run();
  }

  resize(cols: number, rows: number): void {
    this.queue.push({ kind: 'resize', cols, rows });
    this.run();
  }

  /** Runs after everything queued so far has been parsed. */
  call(run: () => void): void {
    this.queue.push({ kind: 'call', run });
    this.run();
  }

  private dropBytes(): void {
    this.queue = this.queue.filter((item) => item.kind !== 'bytes' && item.kind !== 'reset');
    this.queuedBytes = 0;
    this.generation += 1;
  }

  /** `start` is null for bytes that have no place in the output. */
  private push(bytes: Uint8Array, start: number | null, isReplay: boolean): void {
    for (let at = 0; at < bytes.length; at += pumpPieceBytes) {
      const piece = bytes.subarray(at, at + pumpPieceBytes);
      const parsed = start === null ? () => undefined : this.reporter(start + at + piece.length);
      this.queue.push({ kind: 'bytes', bytes: piece, isReplay, parsed });
      this.queuedBytes += piece.length;
    }
  }

  private reporter(offset: number): () => void {
    const { generation } = this;
    return () => {
      if (generation === this.generation) this.onParsed(offset);
    };
  }

  private run(): void {
    // A terminal may parse inside write() and call back at once: the loop, not recursion, goes on.
    if (this.isRunning) return;
    this.isRunning = true;
    while (!this.isWriting) {
      const item = this.queue.shift();
      if (!item) break;
      this.apply(item);
    }
    this.isRunning = false;
  }

  private apply(item: Item): void {
    switch (item.kind) {
      case 'bytes':
        this.replaying = item.isReplay;
        this.queuedBytes -= item.bytes.length;
        this.write(item.bytes, item.parsed);
        break;
      case 'reset':
        this.replaying = true;
        this.write(cancelSequence, () => this.sink.reset());
        break;
      case 'resize':
        this.sink.resize(item.cols, item.rows);
        break;
      case 'call':
        item.run();
        break;
    }
  }

  private write(bytes: Uint8Array, parsed: () => void): void {
    this.isWriting = true;
    this.sink.write(bytes, () => {
      this.isWriting = false;
      parsed();
      this.run();
    });
  }
}
