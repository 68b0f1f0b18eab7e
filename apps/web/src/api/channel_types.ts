/** Channels: ways to helper processes, each behind a circuit breaker. */

export const channelTopic = 'channel.changed';

/** The states that somebody can hold a channel in, as a request names them. */
export const overrideStates = ['open', 'disabled', 'metrics-only'] as const;
export type OverrideState = (typeof overrideStates)[number];

/** Sums over a channel's window; a call that failed may have been slow, too. */
export interface ChannelWindow {
  calls: number;
  failed: number;
  slow: number;
}

/** Something that happened to a breaker. */
export interface ChannelTransition {
  at: string;
  /** state_changed, would_trip, override_set, override_cleared, override_expired, config_changed … */
  what: string;
  from: string;
  to: string;
  why: string;
  /** At that moment. */
  window: ChannelWindow;
}

/** A channel as `GET /api/v1/channels` tells it. */
export interface Channel {
  name: string;
  /** closed, open, half-open, forced-open, disabled, metrics-only. */
  state: string;
  since: string;
  /** Until a call may pass; 0 when one may, or when nobody knows. */
  retry_after_ms: number;
  window: ChannelWindow & { length_ms: number };
  in_flight: number;
  /** Calls that have no place yet. */
  waiting: number;
  limit: number;
  timeout_ms: number;
  consecutive_failures: number;
  override: {
    state: string;
    who: string;
    reason: string;
    /** Null: until it is cleared. */
    expires_at: string | null;
  } | null;
  transport: {
    kind: string;
    up: boolean;
    pid: number | null;
    starts: number;
    unknown_messages: number;
    violations: number;
  };
  fallback: boolean;
  idempotent: boolean;
  /** Since the server has started. */
  totals: {
    calls: number;
    ok: number;
    degraded: number;
    /** No answer, by reason. */
    failed: Record<string, number>;
    retries: number;
    fallback_failed: number;
    opens: number;
    late: number;
  };
  /** The last ones, oldest first. */
  transitions: ChannelTransition[];
}

export interface ChannelEvent {
  topic: typeof channelTopic;
  at: string;
  channel: { name: string; state: string; retry_after_ms: number; window: ChannelWindow };
}

/** What `PUT /api/v1/channels/{name}/override` takes. */
export interface ChannelHold {
  state: OverrideState;
  reason: string;
  /** Absent: until it is cleared. */
  ttl_s?: number;
}
