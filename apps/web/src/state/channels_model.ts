import type { Channel, ChannelEvent } from '../api/channel_types';

export interface ListedChannel extends Channel {
  /** The moment of the page's clock at which a call may pass again; null: none is known. */
  retryAt: number | null;
}

export interface ChannelsState {
  /** By name; null until it was told. */
  list: readonly ListedChannel[] | null;
  /** Why the list is not newer. */
  error: string | null;
  /** The server's words once it has refused this page's user an override. */
  refusal: string | null;
}

export const initialChannels: ChannelsState = { list: null, error: null, refusal: null };

/** A channel that was told of at this moment. */
export function listed(channel: Channel, nowMs: number): ListedChannel {
  return { ...channel, retryAt: retryAt(channel.retry_after_ms, nowMs) };
}

/** Applies one event; the list may be newer than it, and know all that it tells. */
export function applyNews(
  list: readonly ListedChannel[],
  { at, channel: news }: ChannelEvent,
  nowMs: number,
): ListedChannel[] {
  return list.map((channel) => {
    if (channel.name !== news.name || Date.parse(at) < Date.parse(channel.since)) return channel;
    return {
      ...channel,
      state: news.state,
      since: news.state === channel.state ? channel.since : at,
      retryAt: retryAt(news.retry_after_ms, nowMs),
      window: { ...channel.window, ...news.window },
    };
  });
}

/** Nothing passes: its breaker has opened, or somebody holds it open. */
export function isCut(channel: Channel): boolean {
  return channel.state === 'open' || channel.state === 'forced-open';
}

function retryAt(afterMs: number, nowMs: number): number | null {
  return afterMs > 0 ? nowMs + afterMs : null;
}
