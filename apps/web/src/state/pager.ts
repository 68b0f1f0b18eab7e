import type { Page } from '../api/archive_types';

/** A list that comes in pages. */
export interface Listing<T> {
  /** Null: nothing was asked yet, or there is no answer. */
  rows: T[] | null;
  /** The cursor of what follows; null: that is all. */
  next: string | null;
  isLoading: boolean;
  error: string | null;
}

export const nothingListed: Listing<never> = { rows: null, next: null, isLoading: false, error: null };

/** Asks for one page; without a cursor for the first. */
export type AskPage<T> = (cursor?: string) => Promise<Page<T>>;

/** Fills a list. The newest question counts: what an earlier one brings is not taken. */
export class Pager<T> {
  private round = 0;
  private ask: AskPage<T> | null = null;

  constructor(
    private readonly get: () => Listing<T>,
    private readonly put: (list: Listing<T>) => void,
    private readonly textOf: (error: unknown) => string,
  ) {}

  /** A new question; what is there stays until its answer comes. */
  async first(ask: AskPage<T>): Promise<void> {
    this.ask = ask;
    await this.fill([], null, () => ask());
  }

  /** The next page of the same question. */
  async more(): Promise<void> {
    const { ask } = this;
    const { next, rows, isLoading } = this.get();
    if (ask === null || next === null || isLoading) return;
    await this.fill(rows ?? [], rows, () => ask(next));
  }

  private async fill(before: T[], onFailure: T[] | null, ask: () => Promise<Page<T>>): Promise<void> {
    const round = ++this.round;
    this.put({ ...this.get(), isLoading: true, error: null });
    const list = await ask().then(
      ({ rows, next }) => ({ rows: [...before, ...rows], next, isLoading: false, error: null }),
      (thrown: unknown) => ({
        rows: onFailure,
        next: onFailure === null ? null : this.get().next,
        isLoading: false,
        error: this.textOf(thrown),
      }),
    );
    if (round === this.round) this.put(list);
  }
}
