import { closeRule, retryAfterSeconds, type CloseRule } from '../protocol/close_codes';
import { decode, encode, subprotocol, type Frame } from '../protocol/frames';
import {
  parseServerMessage,
  type ClientMessage,
  type Hello,
  type ServerMessage,
} from '../protocol/messages';
import { backoffMs } from './backoff';
import type { Clock } from './clock';

/** The part of WebSocket that the link uses. */
export interface SocketLike {
  binaryType: string;
  readonly bufferedAmount: number;
  onopen: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number; reason: string }) => void) | null;
  send(data: string | Uint8Array<ArrayBuffer>): void;
  close(code?: number, reason?: string): void;
}

/** Why the server refused before the upgrade; browsers hide the status of a failed handshake. */
export type Refusal = 'unauthenticated' | 'forbidden' | 'none';

export interface LinkEnvironment {
  clock: Clock;
  /** Uniform in [0, 1). */
  random(): number;
  openSocket(subprotocol: string): SocketLike;
  /** The browser says that there is no network and the server is not on this machine. */
  isOffline(): boolean;
  /** Asks over HTTP what a failed handshake may have meant. */
  probe(): Promise<Refusal>;
}

export type LinkState =
  | { kind: 'idle' }
  | { kind: 'connecting'; attempt: number }
  | { kind: 'connected' }
  | { kind: 'waiting'; retryAt: number; attempt: number; text: string }
  | { kind: 'offline' }
  | { kind: 'stopped'; code: number; rule: CloseRule };

export interface LinkListener {
  onState(state: LinkState): void;
  /** The connection is usable; streams of an earlier one are gone. `fresh`: ask for snapshots. */
  onUp(hello: Hello, options: { fresh: boolean }): void;
  onDown(): void;
  onMessage(message: ServerMessage): void;
  onFrame(frame: Frame): void;
}

/** No `hello` within this time means that nobody is there. */
export const helloTimeoutMs = 10_000;
/** Silence for this long is checked with a ping (the server's own pings are invisible to scripts). */
export const pingEveryMs = 25_000;
/** A ping without any answer for this long means that the connection is dead. */
export const pongTimeoutMs = 8_000;
/** The same when something suggests that the network changed: the user is looking and waits. */
export const checkTimeoutMs = 2_500;
/** A connection that lived this long ends a series of failures. */
export const stableMs = 10_000;
export const slowReconnectMs = 30_000;
/** Attempts in a row after an internal error of the server. */
export const limitedAttempts = 5;
/** While the browser says "offline" it is not trusted for longer than this. */
export const offlineRetryMs = 30_000;

/** One WebSocket to the server, kept up: reconnects as the close-code table says, checks liveness. */
export class Link {
  private current: LinkState = { kind: 'idle' };
  private socket: SocketLike | null = null;
  private hello: Hello | null = null;
  private attempt = 0;
  private internalErrors = 0;
  private fresh = false;
  private upSince = 0;
  private reconnectHintMs: number | null = null;
  private retryTimer: number | null = null;
  private aliveTimer: number | null = null;
  private nextPing = 1;
  /** The ping that has no pong yet. */
  private awaited: { id: number; timeoutMs: number } | null = null;

  constructor(
    private readonly env: LinkEnvironment,
    private readonly listener: LinkListener,
  ) {}

  get state(): LinkState {
    return this.current;
  }

  get isUp(): boolean {
    return this.hello !== null;
  }

  get connection(): string | null {
    return this.hello?.connection ?? null;
  }

  get limits(): Hello['limits'] {
    return this.hello?.limits ?? {};
  }

  /** Bytes that the browser has not yet put on the wire. */
  get bufferedBytes(): number {
    return this.socket?.bufferedAmount ?? 0;
  }

  /** Starts, or starts again after `stopped`; the user asked, so at once. */
  connect(): void {
    if (this.socket) return;
    this.attempt = 0;
    this.internalErrors = 0;
    this.open();
  }

  /** Something may have changed (page shown, network back): find out now instead of waiting. */
  checkNow(): void {
    if (this.hello) this.ping(checkTimeoutMs);
    else if (this.current.kind === 'waiting' || this.current.kind === 'offline') this.open();
  }

  /** Ends for good, e.g. on sign-out. */
  close(): void {
    this.dropSocket();
    this.clearTimer('retryTimer');
    this.setState({ kind: 'idle' });
  }

  send(message: ClientMessage): boolean {
    if (!this.hello || !this.socket) return false;
    this.socket.send(JSON.stringify(message));
    return true;
  }

  sendFrame(frame: Frame): boolean {
    if (!this.hello || !this.socket) return false;
    this.socket.send(encode(frame));
    return true;
  }

  private open(): void {
    this.clearTimer('retryTimer');
    this.setState({ kind: 'connecting', attempt: this.attempt });
    const socket = this.env.openSocket(subprotocol);
    this.socket = socket;
    let opened = false;
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => {
      opened = true;
    };
    socket.onmessage = (event) => this.onData(event.data);
    socket.onclose = (event) => this.onClosed(event.code, event.reason, opened);
    this.aliveTimer = this.env.clock.setTimeout(() => this.giveUp(), helloTimeoutMs);
  }

  private onData(data: unknown): void {
    if (this.hello) this.noteAlive();
    if (typeof data === 'string') {
      const message = parseServerMessage(data);
      if (message) this.onMessage(message);
      return;
    }
    if (!(data instanceof ArrayBuffer)) return;
    const frame = decode(new Uint8Array(data));
    if (typeof frame === 'string') {
      this.finish(1002, `undecodable frame: ${frame}`);
      return;
    }
    if (this.hello) this.listener.onFrame(frame);
  }

  private onMessage(message: ServerMessage): void {
    switch (message.type) {
      case 'hello': {
        const fresh = this.fresh;
        this.hello = message;
        this.fresh = false;
        this.upSince = this.env.clock.now();
        this.reconnectHintMs = null;
        this.armPing();
        this.setState({ kind: 'connected' });
        this.listener.onUp(message, { fresh });
        return;
      }
      case 'pong':
        if (this.awaited && message.id >= this.awaited.id) {
          this.awaited = null;
          this.armPing();
        }
        return;
      case 'draining':
        this.reconnectHintMs = message.reconnect_after_ms;
        break;
      default:
        break;
    }
    this.listener.onMessage(message);
  }

  /** The peer does not answer: as if the connection had been cut. */
  private giveUp(): void {
    this.finish(1006, 'no answer');
  }

  /** Ends the socket from this side and reacts as if it had closed with `code`. */
  private finish(code: number, reason: string): void {
    const wasUp = this.hello !== null;
    this.dropSocket();
    this.react(code, reason, wasUp);
  }

  private onClosed(code: number, reason: string, opened: boolean): void {
    const wasUp = this.hello !== null;
    this.dropSocket();
    if (opened) {
      this.react(code, reason, wasUp);
      return;
    }
    // The handshake failed: it may have been a 401, which the browser does not tell.
    this.setState({ kind: 'connecting', attempt: this.attempt });
    void this.env
      .probe()
      .catch((): Refusal => 'none') // Not reachable either: the ordinary backoff goes on.
      .then((refusal) => {
        if (this.socket || this.current.kind !== 'connecting') return;
        const refused = { unauthenticated: 4401, forbidden: 4403, none: code }[refusal];
        this.react(refused === 1000 ? 1006 : refused, reason, wasUp);
      });
  }

  private react(code: number, reason: string, wasUp: boolean): void {
    if (wasUp && this.env.clock.now() - this.upSince >= stableMs) {
      this.attempt = 0;
      this.internalErrors = 0;
    }
    if (wasUp) this.listener.onDown();
    const rule = closeRule(code);
    if (rule.reaction === 'reconnect_fresh') this.fresh = true;
    if (rule.reaction === 'reconnect_limited') this.internalErrors += 1;
    const isOver =
      rule.reaction === 'stop' ||
      rule.reaction === 'login' ||
      (rule.reaction === 'reconnect_limited' && this.internalErrors > limitedAttempts);
    if (isOver) {
      this.setState({ kind: 'stopped', code, rule });
      return;
    }
    const hintMs = this.reconnectHintMs ?? (retryAfterSeconds(reason) ?? 0) * 1000;
    this.reconnectHintMs = null;
    let delayMs = hintMs + backoffMs(this.attempt, this.env.random());
    if (rule.reaction === 'reconnect_slowly') delayMs = Math.max(delayMs, slowReconnectMs);
    this.attempt += 1;
    if (this.env.isOffline()) {
      this.setState({ kind: 'offline' });
      delayMs = Math.max(delayMs, offlineRetryMs);
    } else {
      const retryAt = this.env.clock.now() + delayMs;
      this.setState({ kind: 'waiting', retryAt, attempt: this.attempt, text: rule.text });
    }
    this.retryTimer = this.env.clock.setTimeout(() => this.open(), delayMs);
  }

  private armPing(): void {
    this.clearTimer('aliveTimer');
    this.aliveTimer = this.env.clock.setTimeout(() => this.ping(pongTimeoutMs), pingEveryMs);
  }

  private ping(timeoutMs: number): void {
    this.awaited = { id: this.nextPing++, timeoutMs };
    this.send({ type: 'ping', id: this.awaited.id });
    this.awaitAnswer(timeoutMs);
  }

  private awaitAnswer(timeoutMs: number): void {
    this.clearTimer('aliveTimer');
    this.aliveTimer = this.env.clock.setTimeout(() => this.giveUp(), timeoutMs);
  }

  /**
   * Something came. A flood in front of a pong does no harm, but it is no answer either: it may have
   * been on its way when the network went, so the next silence is judged as strictly as before.
   */
  private noteAlive(): void {
    if (this.awaited) this.awaitAnswer(this.awaited.timeoutMs);
    else this.armPing();
  }

  private dropSocket(): void {
    this.clearTimer('aliveTimer');
    this.awaited = null;
    this.hello = null;
    const socket = this.socket;
    this.socket = null;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }

  private clearTimer(name: 'retryTimer' | 'aliveTimer'): void {
    const timer = this[name];
    if (timer !== null) this.env.clock.clearTimeout(timer);
    this[name] = null;
  }

  private setState(state: LinkState): void {
    this.current = state;
    this.listener.onState(state);
  }
}
