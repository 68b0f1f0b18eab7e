import type { Channel, ChannelEvent, ChannelHold } from '../api/channel_types';
import { ApiError, messageOf, type ApiClient } from '../api/client';
import type { Clock } from '../session/clock';
import { applyNews, initialChannels, listed, type ChannelsState } from './channels_model';
import type { AppState } from './model';
import { Poll } from './poll';
import { isSignedOut } from './session_directory';
import type { Store } from './store';

/**
 * The ways to helper processes. What their breakers do is told by events, whether or not somebody
 * looks; the figures of a window are asked for while somebody does.
 */
export class Channels {
  private readonly poll: Poll;
  /** The newest event of each channel since the list was asked for; null while it is not. */
  private since: Map<string, ChannelEvent> | null = null;
  private everyMs: number | null = null;
  private watchers = 0;

  constructor(
    private readonly store: Store<AppState>,
    private readonly api: Pick<ApiClient, 'channels' | 'holdChannel' | 'releaseChannel'>,
    private readonly clock: Clock,
    /** The server does not know this page (any more). */
    private readonly onSignedOut: () => void,
  ) {
    this.poll = new Poll(() => this.load(), clock);
  }

  onUp(): void {
    this.poll.onUp();
  }

  onDown(): void {
    this.poll.onDown();
  }

  /** How often somebody who looks may ask; null: not while this lasts. */
  setEvery(everyMs: number | null): void {
    this.everyMs = everyMs;
    this.poll.setEvery(this.watchers > 0 ? everyMs : null);
  }

  /** Somebody looks, until the returned function is called. */
  watch(): () => void {
    this.watchers += 1;
    this.setEvery(this.everyMs);
    this.poll.hurry();
    return () => {
      this.watchers -= 1;
      this.setEvery(this.everyMs);
    };
  }

  /**
   * Loads the list. What events have told in the meantime is newer than the answer, and is applied to
   * it. Does not reject: the terminals do not need it, and the list of before stays.
   */
  async load(): Promise<void> {
    const since = new Map<string, ChannelEvent>();
    this.since = since;
    try {
      const answer = await this.api.channels();
      if (this.since !== since) return; // Asked again since then: that answer counts.
      const now = this.clock.now();
      const list = [...since.values()].reduce(
        (channels, news) => applyNews(channels, news, now),
        answer.map((channel) => listed(channel, now)),
      );
      this.set({ list, error: null });
    } catch (error) {
      if (this.since !== since) return;
      const text = this.textOf(error);
      this.set({ error: text });
    } finally {
      if (this.since === since) this.since = null;
    }
  }

  apply(news: ChannelEvent): void {
    this.since?.set(news.channel.name, news);
    const list = this.state.list ?? [];
    this.set({ list: this.state.list && applyNews(list, news, this.clock.now()) });
    const isKnown = list.some(({ name }) => name === news.channel.name);
    if (this.watchers > 0) this.poll.hurry(); // An event does not tell everything.
    else if (!isKnown && this.since === null) void this.load(); // The configuration has a new one.
  }

  /** Sets a channel by hand. Null, or why not. */
  async hold(name: string, wish: ChannelHold): Promise<string | null> {
    return this.change(() => this.api.holdChannel(name, wish));
  }

  /** Leaves a channel to itself again. Null, or why not. */
  async release(name: string): Promise<string | null> {
    return this.change(() => this.api.releaseChannel(name));
  }

  /** Signed out: the next one in may be somebody else. */
  forget(): void {
    this.since = null;
    this.poll.onDown();
    this.store.set({ channels: initialChannels });
  }

  private async change(action: () => Promise<Channel>): Promise<string | null> {
    try {
      const changed = listed(await action(), this.clock.now());
      this.since = null; // What is being loaded may be older than this.
      const list = this.state.list ?? [];
      this.set({ list: list.map((channel) => (channel.name === changed.name ? changed : channel)) });
      this.poll.hurry();
      return null;
    } catch (error) {
      const text = this.textOf(error);
      if (error instanceof ApiError && error.status === 403) this.set({ refusal: text });
      return text;
    }
  }

  private get state(): ChannelsState {
    return this.store.get().channels;
  }

  private set(change: Partial<ChannelsState>): void {
    this.store.set({ channels: { ...this.state, ...change } });
  }

  private textOf(error: unknown): string {
    if (isSignedOut(error)) this.onSignedOut();
    return messageOf(error);
  }
}
