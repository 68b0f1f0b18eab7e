import type { Channel } from '../../src/api/channel_types';

export function channel(name: string, change: Partial<Channel> = {}): Channel {
  return {
    name,
    state: 'closed',
    since: '2026-01-31T12:00:00Z',
    retry_after_ms: 0,
    window: { calls: 0, failed: 0, slow: 0, length_ms: 10_000 },
    in_flight: 0,
    waiting: 0,
    limit: 32,
    timeout_ms: 2_000,
    consecutive_failures: 0,
    override: null,
    transport: { kind: 'stdio', up: true, pid: 4711, starts: 1, unknown_messages: 0, violations: 0 },
    fallback: false,
    idempotent: false,
    totals: { calls: 0, ok: 0, degraded: 0, failed: {}, retries: 0, fallback_failed: 0, opens: 0, late: 0 },
    transitions: [],
    ...change,
  };
}
