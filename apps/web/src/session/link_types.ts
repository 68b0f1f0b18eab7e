import type { CloseRule } from '../protocol/close_codes';
import type { Frame } from '../protocol/frames';
import type { Hello, ServerMessage } from '../protocol/messages';
import type { Refused } from '../protocol/refusal';
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

/** What the server says over HTTP about an upgrade now. `none`: it would be accepted, or who knows. */
export type Refusal = 'unauthenticated' | 'forbidden' | 'unreachable' | 'none' | Refused;

export interface LinkEnvironment {
  clock: Clock;
  /** Uniform in [0, 1). */
  random(): number;
  openSocket(subprotocol: string): SocketLike;
  /** The browser says that there is no network and the server is not on this machine. */
  isOffline(): boolean;
  /** Asks over HTTP whether the server would accept this page; ends within a bounded time. */
  probe(): Promise<Refusal>;
}

/** `reason`: a sentence for the user when there is more to say than that the connection was lost. */
export type LinkState =
  | { kind: 'idle' }
  | { kind: 'connecting'; attempt: number; reason: string | null }
  | { kind: 'connected' }
  | { kind: 'waiting'; retryAt: number; attempt: number; reason: string | null }
  | { kind: 'offline' }
  /** `reason` is the server's own word here; empty when it gave none. */
  | { kind: 'stopped'; code: number; rule: CloseRule; reason: string };

export interface LinkListener {
  onState(state: LinkState): void;
  /** The connection is usable; streams of an earlier one are gone. `fresh`: ask for snapshots. */
  onUp(hello: Hello, options: { fresh: boolean }): void;
  onDown(): void;
  /** Something was sent that the server takes as a sign of a person. */
  onActivity(): void;
  onMessage(message: ServerMessage): void;
  onFrame(frame: Frame): void;
}
