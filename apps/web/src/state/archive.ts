import { ApiError, messageOf, type ApiClient } from '../api/client';
import type { DatabaseReport, PastSession, SearchHit } from '../api/archive_types';
import { readCast, type Cast } from '../recording/cast';
import { searchQuery, type ArchiveState, type ArchiveView, type SearchForm } from './archive_model';
import type { AppState } from './model';
import { Pager } from './pager';
import { isSignedOut } from './session_directory';
import type { Store } from './store';

/** Characters of a recording that a page takes: it holds them all, and the player once more. */
const longestCast = 32 * 1024 * 1024;

/** What was written down: past sessions, what they showed, and the database behind it. */
export class Archive {
  private readonly hits: Pager<SearchHit>;
  private readonly past: Pager<PastSession>;

  constructor(
    private readonly store: Store<AppState>,
    private readonly api: Pick<ApiClient, 'search' | 'history' | 'database' | 'recording'>,
    /** The server does not know this page (any more). */
    private readonly onSignedOut: () => void,
  ) {
    const textOf = (error: unknown) => this.textOf(error);
    this.hits = new Pager(() => this.state.hits, (hits) => this.set({ hits }), textOf);
    this.past = new Pager(() => this.state.past, (past) => this.set({ past }), textOf);
  }

  /** Shows a view of the open archive, with what it has to show by now. */
  async open(view: ArchiveView): Promise<void> {
    this.set({ view });
    if (view === 'history') await this.loadPast(this.state.isAllNodes);
    if (view === 'database') await this.refreshDatabase();
  }

  async search(form: SearchForm): Promise<void> {
    this.set({ form });
    const query = searchQuery(form);
    await this.hits.first((cursor) => this.api.search(cursor ? { ...query, cursor } : query));
  }

  async moreHits(): Promise<void> {
    await this.hits.more();
  }

  /** Anew: what has begun since then is in front. */
  async loadPast(isAllNodes: boolean): Promise<void> {
    this.set({ isAllNodes });
    const query = isAllNodes ? { scope: 'all' as const } : {};
    await this.past.first((cursor) => this.api.history(cursor ? { ...query, cursor } : query));
  }

  async morePast(): Promise<void> {
    await this.past.more();
  }

  /** Throws what the request throws; the report of before stays. */
  async loadDatabase(): Promise<DatabaseReport> {
    const database = await this.api.database();
    this.set({ database, databaseError: null });
    return database;
  }

  /** Brings the report up to date while somebody looks at it. */
  async refreshDatabase(): Promise<void> {
    if (this.store.get().dialog?.kind !== 'archive' || this.state.view !== 'database') return;
    try {
      await this.loadDatabase();
    } catch (error) {
      this.set({ databaseError: this.textOf(error) });
    }
  }

  /** The recording of a session, or why there is none; `onProgress` hears of characters. */
  async recording(
    id: string,
    signal: AbortSignal,
    onProgress: (length: number) => void,
  ): Promise<Cast | string> {
    try {
      return await readCast(await this.api.recording(id, signal), longestCast, onProgress);
    } catch (error) {
      if (signal.aborted) return '';
      return error instanceof ApiError ? this.textOf(error) : 'The recording broke off on its way here.';
    }
  }

  private get state(): ArchiveState {
    return this.store.get().archive;
  }

  private set(change: Partial<ArchiveState>): void {
    this.store.set({ archive: { ...this.state, ...change } });
  }

  private textOf(error: unknown): string {
    if (isSignedOut(error)) this.onSignedOut();
    return messageOf(error);
  }
}
