import { ApiError, messageOf, type ApiClient } from '../api/client';
import type { NewSession, SandboxProfile, Session, SessionEvent } from '../api/types';
import { applyEvent, findSession, isOver, sortSessions, type AppState } from './model';
import type { Store } from './store';

/** The server does not take this page's login; everything else may pass. */
export function isSignedOut(error: unknown): boolean {
  return error instanceof ApiError && error.status === 401;
}

/** The sessions of the server: the list, kept by events, and what can be done to one. */
export class SessionDirectory {
  /** The newest event of each session since the list was asked for; null while it is not. */
  private since: Map<string, SessionEvent> | null = null;

  constructor(
    private readonly store: Store<AppState>,
    private readonly api: ApiClient,
    /** The server does not know this page (any more). */
    private readonly onSignedOut: () => void,
  ) {}

  /**
   * Loads the list. What events have told in the meantime is newer than the answer, and is applied to
   * it. Throws what the request throws.
   */
  async load(): Promise<void> {
    const since = new Map<string, SessionEvent>();
    this.since = since;
    try {
      const list = await this.api.sessions();
      if (this.since !== since) return; // Asked again since then: that answer counts.
      this.replace([...since.values()].reduce(applyEvent, sortSessions(list)));
    } catch (error) {
      this.noteSignedOut(error);
      throw error;
    } finally {
      if (this.since === since) this.since = null;
    }
  }

  /** Brings what the sessions take up to date, and nothing else. What fails is asked again soon. */
  async refreshUsage(): Promise<void> {
    try {
      const usages = new Map((await this.api.sessions()).map(({ id, usage }) => [id, usage ?? null]));
      const { sessions } = this.store.get();
      if (!sessions?.some(({ id }) => usages.has(id))) return;
      this.store.set({
        sessions: sessions.map((session) => {
          const usage = isOver(session) ? undefined : usages.get(session.id);
          return usage === undefined ? session : { ...session, usage };
        }),
      });
    } catch (error) {
      this.noteSignedOut(error);
    }
  }

  /** The profiles that a session can run in; none when the server does not tell them. */
  async sandboxes(): Promise<SandboxProfile[]> {
    let list: SandboxProfile[] = [];
    await this.attempt(async () => {
      list = await this.api.sandboxes();
    });
    return list;
  }

  /** The new session, or why there is none. */
  async create(wish: NewSession): Promise<Session | string> {
    const made: Session[] = [];
    const error = await this.attempt(async () => {
      const session = await this.api.create(wish);
      this.apply({ topic: 'session.created', at: session.created_at, session });
      made.push(session);
    });
    return made[0] ?? error ?? '';
  }

  /** Null, or why not. */
  async rename(id: string, title: string): Promise<string | null> {
    return this.attempt(() => this.api.rename(id, title));
  }

  /** Ends a running session; forgets one that has ended. Null, or why not. */
  async kill(id: string, how: 'politely' | 'now'): Promise<string | null> {
    return this.attempt(() => this.api.kill(id, how));
  }

  apply(event: SessionEvent): void {
    this.since?.set(event.session.id, event);
    this.replace(applyEvent(this.store.get().sessions ?? [], event));
  }

  /** Also one that the server has forgotten, while a tab shows it. */
  find(id: string | null): Session | undefined {
    return findSession(this.store.get(), id);
  }

  private replace(sessions: Session[]): void {
    const { sessions: before = [], tabs, removed } = this.store.get();
    const gone = before.filter((a) => tabs.includes(a.id) && !sessions.some((b) => b.id === a.id));
    const kept = { ...removed };
    for (const session of gone) {
      kept[session.id] = isOver(session) ? session : { ...session, state: 'lost' };
    }
    for (const session of sessions) delete kept[session.id];
    this.store.set({ sessions, removed: kept });
  }

  private async attempt(action: () => Promise<void>): Promise<string | null> {
    try {
      await action();
      return null;
    } catch (error) {
      this.noteSignedOut(error);
      return messageOf(error);
    }
  }

  private noteSignedOut(error: unknown): void {
    if (isSignedOut(error)) this.onSignedOut();
  }
}
