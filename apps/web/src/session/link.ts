import { closeRule } from '../protocol/close_codes';
import { decode, encode, subprotocol, type Frame } from '../protocol/frames';
import {
  parseServerMessage,
  type ClientMessage,
  type Hello,
  type ServerMessage,
} from '../protocol/messages';
import { retryAfterSeconds, type Refused } from '../protocol/refusal';
import { demandOf } from './demand';
import { Heartbeat } from './heartbeat';
import type {
  LinkEnvironment,
  LinkListener,
  LinkState,
  Refusal,
  SocketLike,
} from './link_types';
import { ReconnectPlan } from './reconnect_plan';

/** No `hello` within this time means that nobody is there. */
export const helloTimeoutMs = 10_000;
/** A connection that lived this long ends a series of failures. */
export const stableMs = 10_000;
/** While the browser says "offline" it is not trusted for longer than this. */
export const offlineRetryMs = 30_000;

const restartCode = 1012;
const tryAgainLaterCode = 1013;

/** One WebSocket to the server, kept up: reconnects as the close-code table says, checks liveness. */
export class Link {
  private current: LinkState = { kind: 'idle' };
  private socket: SocketLike | null = null;
  private hello: Hello | null = null;
  private fresh = false;
  private upSince = 0;
  private retryTimer: number | null = null;
  private isFirm = false;
  /** What the user is told while this goes on. */
  private reason: string | null = null;
  /**
   * The last handshake failed. Browsers hide why, and delay those that follow failed ones (Firefox by
   * up to a minute), so the next attempt asks over HTTP and opens a socket only if that may work.
   */
  private mustAsk = false;
  /** Counts what was begun, so that an answer to something older is recognised. */
  private round = 0;
  private readonly plan: ReconnectPlan;
  private readonly heartbeat: Heartbeat;

  constructor(
    private readonly env: LinkEnvironment,
    private readonly listener: LinkListener,
  ) {
    this.plan = new ReconnectPlan(() => env.random());
    this.heartbeat = new Heartbeat(
      env.clock,
      demandOf(0, false).pingEveryMs,
      (id) => void this.send({ type: 'ping', id }),
      // As if the connection had been cut.
      () => this.finish(1006, 'no answer'),
    );
  }

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

  /** Starts, or starts again whatever it waits for: the user asked, so at once. */
  connect(): void {
    if (this.socket) return;
    this.plan.reset();
    this.open();
  }

  /**
   * Something may have changed (page shown, network back): find out now instead of waiting, unless the
   * server named a time that has not come. Also what starts a timer that a hidden page got too late.
   */
  checkNow(): void {
    const state = this.current;
    if (this.hello) this.heartbeat.check();
    else if (state.kind === 'offline') this.open();
    else if (state.kind === 'waiting' && (!this.isFirm || this.env.clock.now() >= state.retryAt)) {
      this.open();
    }
  }

  /** Silence for this long is checked with a ping; null: it is not. */
  setPingEvery(everyMs: number | null): void {
    this.heartbeat.setEvery(everyMs);
  }

  /** Ends for good, e.g. on sign-out. */
  close(): void {
    this.round += 1;
    this.dropSocket();
    this.clearRetry();
    this.setState({ kind: 'idle' });
  }

  send(message: ClientMessage): boolean {
    if (!this.hello || !this.socket) return false;
    this.socket.send(JSON.stringify(message));
    if (message.type !== 'ping') this.listener.onActivity();
    return true;
  }

  sendFrame(frame: Frame): boolean {
    if (!this.hello || !this.socket) return false;
    this.socket.send(encode(frame));
    this.listener.onActivity();
    return true;
  }

  private open(): void {
    this.begin();
    const socket = this.env.openSocket(subprotocol);
    this.socket = socket;
    this.mustAsk = true;
    let opened = false;
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => {
      opened = true;
      this.mustAsk = false;
    };
    socket.onmessage = (event) => this.onData(event.data);
    socket.onclose = (event) => {
      if (opened) this.finish(event.code, event.reason);
      else this.onFailedHandshake();
    };
    this.heartbeat.expectFirstWord(helloTimeoutMs);
  }

  private retry(): void {
    if (!this.mustAsk) this.open();
    else this.ask((refusal) => (refusal === 'none' ? this.open() : this.onRefusal(refusal)));
  }

  private onFailedHandshake(): void {
    this.dropSocket();
    this.ask((refusal) => this.onRefusal(refusal));
  }

  private ask(then: (refusal: Refusal) => void): void {
    const round = this.begin();
    void this.env
      .probe()
      .catch((): Refusal => 'unreachable')
      .then((refusal) => {
        if (round === this.round) then(refusal);
      });
  }

  private begin(): number {
    this.clearRetry();
    this.setState({ kind: 'connecting', attempt: this.plan.attempt, reason: this.reason });
    return ++this.round;
  }

  private onData(data: unknown): void {
    this.heartbeat.noteWord();
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
        this.reason = null;
        this.upSince = this.env.clock.now();
        this.plan.announce(null);
        this.heartbeat.start();
        this.setState({ kind: 'connected' });
        this.listener.onUp(message, { fresh });
        return;
      }
      case 'pong':
        this.heartbeat.notePong(message.id);
        return;
      case 'draining':
        this.plan.announce(message.reconnect_after_ms);
        break;
      default:
        break;
    }
    this.listener.onMessage(message);
  }

  /** The socket has ended, or is ended from this side as if it had closed with `code`. */
  private finish(code: number, reason: string): void {
    const wasUp = this.hello !== null;
    this.dropSocket();
    if (wasUp && this.env.clock.now() - this.upSince >= stableMs) this.plan.reset();
    if (wasUp) this.listener.onDown();
    this.react(code, reason, null);
  }

  private onRefusal(refusal: Refusal): void {
    if (refusal === 'unauthenticated') this.react(4401, '', null);
    else if (refusal === 'forbidden') this.react(4403, '', null);
    else if (typeof refusal === 'object') this.react(tryAgainLaterCode, '', refusal);
    else this.react(1006, '', null);
  }

  private react(code: number, reason: string, refused: Refused | null): void {
    const now = this.env.clock.now();
    const rule = closeRule(code);
    if (rule.reaction === 'reconnect_fresh') this.fresh = true;
    const seconds = retryAfterSeconds(reason);
    const step = this.plan.next(
      {
        reaction: rule.reaction,
        retryAfterMs: refused?.retryAfterMs ?? (seconds === null ? null : seconds * 1000),
        isRestart: code === restartCode || refused?.code === 'shutting-down',
      },
      now,
    );
    if (step.kind === 'stop') {
      this.reason = null;
      this.setState({ kind: 'stopped', code, rule, reason });
      return;
    }
    const isWorthAWord = code === tryAgainLaterCode || rule.reaction === 'reconnect_slowly';
    this.reason = refused?.text ?? (isWorthAWord ? rule.text : null);
    this.isFirm = step.isFirm;
    let { delayMs } = step;
    if (this.env.isOffline()) {
      delayMs = Math.max(delayMs, offlineRetryMs);
      this.setState({ kind: 'offline' });
    } else {
      const { attempt } = this.plan;
      this.setState({ kind: 'waiting', retryAt: now + delayMs, attempt, reason: this.reason });
    }
    this.retryTimer = this.env.clock.setTimeout(() => this.retry(), delayMs);
  }

  private dropSocket(): void {
    this.heartbeat.stop();
    this.hello = null;
    const socket = this.socket;
    this.socket = null;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }

  private clearRetry(): void {
    if (this.retryTimer !== null) this.env.clock.clearTimeout(this.retryTimer);
    this.retryTimer = null;
  }

  private setState(state: LinkState): void {
    this.current = state;
    this.listener.onState(state);
  }
}
