import type { Reaction } from '../protocol/close_codes';
import { backoffMs } from './backoff';

/** After a mistake of this client: not sooner. */
export const slowReconnectMs = 30_000;
/** Attempts in a row after an internal error of the server. */
export const limitedAttempts = 5;
/** Spread on top of a time that the server names (it spreads them itself, too). */
export const hintJitterMs = 500;
/** A refusal that names no time at all to wait is still no invitation to ask again at once. */
export const refusedAtLeastMs = 1_000;
/** A server that restarts is asked again within this time each … */
export const restartRetryMs = 1_000;
/** … for this long after the time that it named, before the growing delays begin. */
export const restartWindowMs = 20_000;

/** What is known of an attempt that failed, or of a connection that ended. */
export interface Ending {
  reaction: Reaction;
  /** The server asks not to come back before. */
  retryAfterMs: number | null;
  /** The server restarts, and says so. */
  isRestart: boolean;
}

export type Step =
  | { kind: 'stop' }
  /** `isFirm`: whatever the page notices in the meantime, not sooner (but for the user). */
  | { kind: 'wait'; delayMs: number; isFirm: boolean };

/**
 * When to try again: by the server's word where there is one, at short intervals while it restarts,
 * else with full jitter below a growing ceiling. Counts; has no timer and no socket.
 */
export class ReconnectPlan {
  private tries = 0;
  private failures = 0;
  private internalErrors = 0;
  private announcedMs: number | null = null;
  private restartUntil: number | null = null;

  /** `random` is uniform in [0, 1). */
  constructor(private readonly random: () => number) {}

  /** Attempts since the last connection that lasted. */
  get attempt(): number {
    return this.tries;
  }

  /** The user asks, or a connection has lasted: what failed before does not count any more. */
  reset(): void {
    this.tries = this.failures = this.internalErrors = 0;
    this.restartUntil = null;
  }

  /** The server is about to close and says when to come back. */
  announce(reconnectAfterMs: number | null): void {
    this.announcedMs = reconnectAfterMs;
  }

  next(ending: Ending, nowMs: number): Step {
    const announcedMs = this.announcedMs;
    this.announcedMs = null;
    const { reaction } = ending;
    if (reaction === 'stop' || reaction === 'login') return { kind: 'stop' };
    if (reaction === 'reconnect_limited' && ++this.internalErrors > limitedAttempts) {
      return { kind: 'stop' };
    }
    this.tries += 1;
    const isSlow = reaction === 'reconnect_slowly';
    const isAwaited = this.restartUntil !== null && nowMs < this.restartUntil;
    // One window for one restart: a server that only ever closes must not be asked so often for long.
    if (ending.isRestart || announcedMs !== null) {
      this.restartUntil ??= nowMs + (announcedMs ?? 0) + restartWindowMs;
    }
    // "Restarting" is what this page waits for: it says nothing about how long that takes.
    const askedMs = isAwaited && ending.isRestart ? null : ending.retryAfterMs;
    const hintMs = announcedMs ?? (askedMs === null ? null : Math.max(refusedAtLeastMs, askedMs));
    const delayMs = hintMs !== null ? hintMs + this.spread(hintJitterMs) : this.ownDelayMs(nowMs);
    return {
      kind: 'wait',
      delayMs: isSlow ? Math.max(slowReconnectMs, delayMs) : delayMs,
      isFirm: isSlow || hintMs !== null,
    };
  }

  private ownDelayMs(nowMs: number): number {
    if (this.restartUntil !== null && nowMs < this.restartUntil) return this.spread(restartRetryMs);
    return backoffMs(this.failures++, this.random());
  }

  private spread(ceilingMs: number): number {
    return Math.floor(this.random() * ceilingMs);
  }
}
