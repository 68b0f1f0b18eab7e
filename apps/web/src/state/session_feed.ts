import { channelTopic } from '../api/channel_types';
import { databaseTopic, sessionTopics } from '../api/types';
import type { ClientMessage } from '../protocol/messages';
import type { Clock } from '../session/clock';
import { demandOf, type Demand } from '../session/demand';
import { retryDelayMs, troubleText, type Trouble } from './patience';

/**
 * Keeps the list of sessions current while the link is up: subscribes to its events, then loads it,
 * since events of the time without a connection are not repeated. In this order nothing is missed.
 */
export class SessionFeed {
  /** There was a time without events since the list was last loaded. */
  private isBehind = false;
  private isLoading = false;
  private timer: number | null = null;
  private attempt = 0;
  /** A moment of the clock that the server, or the backoff, asks to wait for. */
  private notBefore = 0;
  private round = 0;
  private demand: Demand = demandOf(0, false);

  constructor(
    private readonly link: { send(message: ClientMessage): boolean },
    private readonly load: () => Promise<void>,
    private readonly clock: Clock,
    /** Uniform in [0, 1). */
    private readonly random: () => number,
    private readonly onTrouble: (trouble: Trouble | null) => void,
  ) {}

  onUp(): void {
    this.subscribe();
    this.restart(true);
  }

  /** Once more changes nothing. */
  subscribe(): void {
    this.link.send({ type: 'subscribe', topics: [...sessionTopics, databaseTopic, channelTopic] });
  }

  onDown(): void {
    this.restart(false);
  }

  setDemand(demand: Demand): void {
    if (demand.listWithinMs === this.demand.listWithinMs) return;
    this.demand = demand;
    this.schedule();
  }

  /** The user asks: not later but now. */
  tryNow(): void {
    if (this.isBehind && !this.isLoading) void this.loadNow();
  }

  private restart(isBehind: boolean): void {
    this.round += 1; // What is being loaded may be older than the subscription.
    this.isBehind = isBehind;
    this.isLoading = false;
    this.attempt = this.notBefore = 0;
    this.onTrouble(null);
    this.schedule();
  }

  private schedule(): void {
    this.clearTimer();
    const { listWithinMs } = this.demand;
    if (!this.isBehind || this.isLoading || listWithinMs === null) return;
    const spreadMs = Math.floor(this.random() * listWithinMs);
    const delayMs = Math.max(this.notBefore - this.clock.now(), spreadMs);
    this.timer = this.clock.setTimeout(() => void this.loadNow(), delayMs);
  }

  private async loadNow(): Promise<void> {
    this.clearTimer();
    this.isLoading = true;
    const round = this.round;
    const error = await this.load().then(
      () => null,
      (thrown: unknown) => ({ thrown }),
    );
    if (round !== this.round) return;
    this.isLoading = false;
    if (error === null) {
      this.restart(false);
      return;
    }
    this.notBefore = this.clock.now() + retryDelayMs(error.thrown, this.attempt++, this.random());
    this.onTrouble({ text: troubleText(error.thrown), retryAt: this.notBefore });
    this.schedule();
  }

  private clearTimer(): void {
    if (this.timer !== null) this.clock.clearTimeout(this.timer);
    this.timer = null;
  }
}
