import type { Frame, SnapshotReason } from '../protocol/frames';
import type { Attached, ClientMessage, Mode, ServerMessage } from '../protocol/messages';
import { AckTracker } from './ack_tracker';
import type { Clock } from './clock';
import { InputPacer } from './input_pacer';
import { TerminalPump, type TerminalSink } from './terminal_pump';

/** What a stream needs of the link. */
export interface StreamLink {
  readonly isUp: boolean;
  /** Id of the connection, as the server names it to holders and viewers. */
  readonly connection: string | null;
  readonly limits: { window?: number };
  send(message: ClientMessage): boolean;
  sendFrame(frame: Frame): boolean;
}

export type StreamPhase =
  /** Not connected; the screen shows what was last seen. */
  | 'detached'
  /** Asked for, not yet answered. */
  | 'attaching'
  /** Catching up: what is parsed now happened before. */
  | 'replaying'
  | 'live'
  | 'exited'
  | 'failed';

export interface Size {
  cols: number;
  rows: number;
}

/** What the user interface shows of a stream. Replaced, never changed. */
export interface StreamView {
  phase: StreamPhase;
  mode: Mode;
  /** Connection that holds the session: it decides the size and answers the program's queries. */
  holder: string | null;
  isHolder: boolean;
  size: Size;
  /** How far the server says this viewer is behind. */
  lagBytes: number;
  exit: { status: number | null; signal: string | null } | null;
  error: { code: string; message: string } | null;
}

export interface StreamListener {
  onView(view: StreamView): void;
  /** The screen was rebuilt: say why for a moment. */
  onSnapshot(reason: SnapshotReason): void;
  /** Input that went nowhere, and why. */
  onInputRefused(why: 'disconnected' | 'view_mode' | 'exited' | 'too_much'): void;
}

/** Sizes that follow each other faster are one resize. */
export const resizeSettleMs = 60;

/** Errors after which the stream does not exist any more. */
const goneCodes = new Set(['no-such-session', 'no-such-stream']);

function isSame(a: Size, b: Size): boolean {
  return a.cols === b.cols && a.rows === b.rows;
}

/**
 * One session in this page: attaches by epoch and offset, keeps the cursor, feeds the terminal
 * through its pump, acknowledges what was parsed, and sends input and sizes.
 */
export class SessionStream {
  readonly pump: TerminalPump;
  private stream = 0;
  private cursor: { epoch: string; offset: number } | null = null;
  private liveOffset = 0;
  private isAwaitingSnapshot = false;
  /** The user asked to hold the session before the attachment was answered. */
  private wantsControl = false;
  private wanted: Size;
  /** Asked for and not yet answered. */
  private requested: Size | null = null;
  private resizeTimer: number | null = null;
  private current: StreamView;
  private readonly acks: AckTracker;
  private readonly input: InputPacer;

  constructor(
    readonly session: string,
    private readonly link: StreamLink,
    private readonly clock: Clock,
    sink: TerminalSink,
    private readonly listener: StreamListener,
    private readonly nextStream: () => number,
    options: { mode: Mode; size: Size },
  ) {
    this.wanted = options.size;
    this.acks = new AckTracker(clock, (offset) => {
      this.link.sendFrame({ kind: 'ack', stream: this.stream, offset });
    });
    this.input = new InputPacer(clock, (bytes) =>
      this.link.sendFrame({ kind: 'input', stream: this.stream, bytes }),
    );
    this.pump = new TerminalPump(sink, (offset) => this.onParsed(offset));
    this.current = {
      phase: 'detached',
      mode: options.mode,
      holder: null,
      isHolder: false,
      size: options.size,
      lagBytes: 0,
      exit: null,
      error: null,
    };
  }

  get view(): StreamView {
    return this.current;
  }

  /** The number of this attachment on the connection; 0 while there is none. */
  get number(): number {
    return this.stream;
  }

  /** Offset up to which output has been received; null before the first attach. */
  get offset(): number | null {
    return this.cursor?.offset ?? null;
  }

  /**
   * Whether the terminal's own replies to queries may leave: only the holder answers, and only to
   * what is live. Exact for the bytes that are being parsed at the moment of the call.
   */
  get mayReply(): boolean {
    return this.current.isHolder && !this.pump.isReplay && this.current.phase !== 'exited';
  }

  /** Attaches, resuming at the cursor; `fresh` asks for a snapshot instead. */
  attach(options: { fresh: boolean } = { fresh: false }): void {
    if (!this.link.isUp) return;
    this.stream = this.nextStream();
    this.input.clear();
    // A snapshot that never came leaves no place to resume from: its screen was not drawn.
    if (this.isAwaitingSnapshot) this.cursor = null;
    this.isAwaitingSnapshot = false;
    this.update({ phase: 'attaching', error: null, isHolder: false, lagBytes: 0 });
    const since = this.cursor && !options.fresh ? { since: { ...this.cursor } } : {};
    this.link.send({
      type: 'attach',
      stream: this.stream,
      session: this.session,
      ...this.wanted,
      mode: this.current.mode,
      ...since,
    });
  }

  /** Leaves the session, which lives on. */
  detach(): void {
    if (this.stream !== 0) this.link.send({ type: 'detach', stream: this.stream });
    this.onLinkDown();
  }

  /** The connection is gone; what was received stays. */
  onLinkDown(): void {
    this.stream = 0;
    this.input.clear();
    this.acks.stop();
    this.cancelResize();
    if (this.current.phase !== 'exited' && this.current.phase !== 'failed') {
      this.update({ phase: 'detached', isHolder: false, lagBytes: 0 });
    }
  }

  /** Changes between watching and driving; the screen stays, the stream goes on at the cursor. */
  setMode(mode: Mode): void {
    if (mode === this.current.mode) return;
    this.update({ mode });
    if (this.stream === 0) return;
    this.link.send({ type: 'detach', stream: this.stream });
    this.attach();
  }

  /** Asks to hold the session: its size becomes this terminal's. */
  takeControl(): void {
    this.wantsControl = true;
    this.setMode('control');
    if (this.current.phase !== 'attaching') this.claim();
  }

  /** Asks for the screen anew. */
  refresh(): void {
    if (this.stream === 0 || this.isAwaitingSnapshot) return;
    this.isAwaitingSnapshot = true;
    this.link.send({ type: 'refresh', stream: this.stream });
  }

  sendInput(bytes: Uint8Array): void {
    if (this.current.phase === 'exited') this.listener.onInputRefused('exited');
    else if (this.current.mode === 'view') this.listener.onInputRefused('view_mode');
    else if (this.stream === 0 || !this.link.isUp) this.listener.onInputRefused('disconnected');
    else if (!this.input.push(bytes)) this.listener.onInputRefused('too_much');
  }

  /** The size this page would like; it becomes the session's while this page holds it. */
  setWantedSize(size: Size): void {
    this.wanted = size;
    this.cancelResize();
    this.resizeTimer = this.clock.setTimeout(() => {
      this.resizeTimer = null;
      this.sendWantedSize();
    }, resizeSettleMs);
  }

  onMessage(message: ServerMessage): void {
    switch (message.type) {
      case 'attached':
        this.onAttached(message);
        break;
      case 'resized':
        if (this.requested && isSame(this.requested, message)) this.requested = null;
        this.pump.resize(message.cols, message.rows);
        this.update({ size: { cols: message.cols, rows: message.rows } });
        break;
      case 'control':
        this.update({ holder: message.holder, isHolder: message.you });
        if (message.you) this.sendWantedSize();
        break;
      case 'exited': {
        const exit = {
          status: message.status ?? null,
          signal: message.signal == null ? null : String(message.signal),
        };
        this.input.clear();
        this.cancelResize();
        this.pump.call(() => this.update({ phase: 'exited', exit, lagBytes: 0 }));
        break;
      }
      case 'lag':
        this.update({ lagBytes: message.bytes });
        break;
      case 'error': {
        const error = { code: message.code, message: message.message };
        const { phase } = this.current;
        const isOver = phase === 'attaching' || goneCodes.has(message.code);
        if (isOver && phase !== 'exited') this.update({ error, phase: 'failed', isHolder: false });
        else this.update({ error });
        break;
      }
      default:
        break;
    }
  }

  onFrame(frame: Frame): void {
    if (!this.cursor) return;
    if (frame.kind === 'snapshot') {
      this.isAwaitingSnapshot = false;
      this.cursor = { ...this.cursor, offset: frame.offset };
      // It stands for everything before its offset: one ack is due as soon as it has been parsed.
      this.acks.start(Math.max(0, frame.offset - 1), this.link.limits.window);
      this.pump.snapshot(frame.bytes, frame.offset);
      this.pump.call(() => this.acks.flush());
      this.listener.onSnapshot(frame.reason);
      this.whenCaughtUp();
    } else if (frame.kind === 'output') {
      this.onOutput(frame.offset, frame.bytes);
    }
  }

  private onAttached(message: Attached): void {
    const resumes =
      message.how === 'delta' &&
      this.cursor !== null &&
      this.cursor.epoch === message.epoch &&
      message.offset <= this.cursor.offset;
    this.liveOffset = message.live_offset;
    this.requested = null;
    this.update({
      phase: 'replaying',
      mode: message.mode,
      holder: message.holder,
      isHolder: message.holder !== null && message.holder === this.link.connection,
      size: { cols: message.cols, rows: message.rows },
      error: null,
    });
    if (!resumes) {
      this.cursor = { epoch: message.epoch, offset: message.offset };
      this.isAwaitingSnapshot = message.how === 'snapshot';
      // A whole history from its first byte needs an empty terminal; a snapshot resets by itself.
      if (message.how === 'delta') this.pump.reset();
    }
    this.acks.start(this.cursor?.offset ?? message.offset, this.link.limits.window);
    this.pump.resize(message.cols, message.rows);
    this.claim();
    if (!this.isAwaitingSnapshot) this.whenCaughtUp();
  }

  /** Takes control if it was asked for and did not come with the attachment. */
  private claim(): void {
    if (this.wantsControl && this.stream !== 0 && !this.current.isHolder) {
      this.link.send({ type: 'take_control', stream: this.stream });
    }
    this.wantsControl = false;
  }

  private onOutput(offset: number, bytes: Uint8Array): void {
    // Bytes that a snapshot on its way will replace.
    if (this.isAwaitingSnapshot || !this.cursor) return;
    const known = this.cursor.offset - offset;
    if (known < 0) {
      this.refresh(); // A gap: never show a screen that is silently wrong.
      return;
    }
    if (known >= bytes.length) return;
    const fresh = bytes.subarray(known);
    if (!this.pump.output(fresh, this.cursor.offset, this.liveOffset)) {
      this.refresh();
      return;
    }
    this.cursor = { ...this.cursor, offset: this.cursor.offset + fresh.length };
    if (this.current.phase === 'replaying') this.whenCaughtUp();
  }

  /** Goes live once everything before the live offset has been parsed. */
  private whenCaughtUp(): void {
    const stream = this.stream;
    if (this.cursor === null || this.cursor.offset < this.liveOffset) return;
    this.pump.call(() => {
      if (this.current.phase !== 'replaying' || this.stream !== stream) return;
      this.update({ phase: 'live' });
      this.sendWantedSize();
    });
  }

  private onParsed(offset: number): void {
    if (this.stream !== 0) this.acks.onParsed(offset);
    if (this.current.lagBytes > 0 && this.pump.pendingBytes === 0) this.update({ lagBytes: 0 });
  }

  private sendWantedSize(): void {
    // Not during replay: the old output has the old width.
    if (!this.current.isHolder || this.current.phase !== 'live') return;
    if (isSame(this.wanted, this.requested ?? this.current.size)) return;
    this.requested = this.wanted;
    this.link.send({ type: 'resize', stream: this.stream, ...this.wanted });
  }

  private cancelResize(): void {
    if (this.resizeTimer !== null) this.clock.clearTimeout(this.resizeTimer);
    this.resizeTimer = null;
  }

  private update(change: Partial<StreamView>): void {
    this.current = { ...this.current, ...change };
    this.listener.onView(this.current);
  }
}
