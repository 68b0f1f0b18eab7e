/** The text frames of `roost.v1`: JSON objects with a `type`. */

import { channelTopic, type ChannelEvent } from '../api/channel_types';
import {
  databaseTopic,
  sessionTopics,
  type DatabaseEvent,
  type Session,
  type SessionEvent,
} from '../api/types';

export type Topic = (SessionEvent | DatabaseEvent | ChannelEvent)['topic'];
import type { SnapshotReason } from './frames';

export type Mode = 'control' | 'view';

export type ClientMessage =
  | {
      type: 'attach';
      stream: number;
      session: string;
      cols: number;
      rows: number;
      mode: Mode;
      since?: { epoch: string; offset: number };
    }
  | { type: 'detach'; stream: number }
  | { type: 'resize'; stream: number; cols: number; rows: number }
  | { type: 'take_control'; stream: number }
  | { type: 'refresh'; stream: number }
  /** Replaces what was subscribed before; ends with the connection. */
  | { type: 'subscribe'; topics: readonly Topic[] }
  | { type: 'ping'; id: number };

export interface Hello {
  type: 'hello';
  node: string;
  version: string;
  connection: string;
  limits: { window?: number; max_frame?: number };
}

export interface Attached {
  type: 'attached';
  stream: number;
  session: string;
  epoch: string;
  /** Where this stream starts. */
  offset: number;
  /** Bytes before this offset are replay: queries in them have been answered long ago. */
  live_offset: number;
  how: 'delta' | 'snapshot';
  reason: SnapshotReason | null;
  mode: Mode;
  cols: number;
  rows: number;
  /** The connection that holds the session. */
  holder: string | null;
}

export type ServerMessage =
  | Hello
  | Attached
  | { type: 'resized'; stream: number; cols: number; rows: number }
  | { type: 'control'; stream: number; holder: string | null; you: boolean }
  | { type: 'exited'; stream: number; status?: number | null; signal?: string | number | null }
  | { type: 'lag'; stream: number; bytes: number }
  | ({ type: 'event' } & (SessionEvent | DatabaseEvent | ChannelEvent))
  | { type: 'pressure'; level: number; used: number; capacity: number }
  | { type: 'idle_warning'; seconds: number }
  | { type: 'draining'; reconnect_after_ms: number }
  | { type: 'error'; stream?: number; code: string; message: string; correlation_id?: string }
  | { type: 'pong'; id: number };

const required: Record<ServerMessage['type'], Record<string, 'number' | 'string' | 'boolean'>> = {
  hello: { connection: 'string' },
  attached: {
    stream: 'number',
    session: 'string',
    epoch: 'string',
    offset: 'number',
    how: 'string',
    mode: 'string',
    cols: 'number',
    rows: 'number',
  },
  resized: { stream: 'number', cols: 'number', rows: 'number' },
  control: { stream: 'number', you: 'boolean' },
  exited: { stream: 'number' },
  lag: { stream: 'number', bytes: 'number' },
  event: { topic: 'string', at: 'string' },
  pressure: { level: 'number', used: 'number', capacity: 'number' },
  idle_warning: { seconds: 'number' },
  draining: { reconnect_after_ms: 'number' },
  error: { code: 'string', message: 'string' },
  pong: { id: 'number' },
};

/**
 * Parses one text frame. Null for what this client does not know (a newer server may say more) and
 * for a message that lacks what it must have.
 */
export function parseServerMessage(text: string): ServerMessage | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null; // A frame that is not JSON carries nothing that could be acted on.
  }
  if (typeof value !== 'object' || value === null) return null;
  const message = value as Record<string, unknown>;
  if (!Object.hasOwn(required, String(message['type']))) return null;
  const fields = required[message['type'] as ServerMessage['type']];
  for (const [name, type] of Object.entries(fields)) {
    if (typeof message[name] !== type) return null;
  }
  if (message['type'] === 'event' && !eventChecks.some((isWhole) => isWhole(message))) return null;
  if (message['type'] === 'hello' && typeof message['limits'] !== 'object') message['limits'] = {};
  if (message['type'] === 'attached' && typeof message['live_offset'] !== 'number') {
    message['live_offset'] = message['offset'];
  }
  return message as unknown as ServerMessage;
}

function isDatabaseEvent(message: Record<string, unknown>): boolean {
  return message['topic'] === databaseTopic && typeof message['state'] === 'string';
}

function isChannelEvent(message: Record<string, unknown>): boolean {
  const channel = message['channel'] as Partial<ChannelEvent['channel']> | null | undefined;
  if (message['topic'] !== channelTopic || typeof channel?.window !== 'object') return false;
  return typeof channel.name === 'string' && typeof channel.state === 'string' && channel.window !== null;
}

/** Other topics may come one day; what is no session must not get into the list of sessions. */
function isSessionEvent(message: Record<string, unknown>): boolean {
  const session = message['session'] as Partial<Session> | null | undefined;
  const isKnown = (sessionTopics as readonly unknown[]).includes(message['topic']);
  return isKnown && typeof session?.id === 'string' && typeof session.created_at === 'string';
}

const eventChecks = [isSessionEvent, isDatabaseEvent, isChannelEvent];
