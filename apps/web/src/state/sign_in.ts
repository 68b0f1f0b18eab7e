import { ApiError, messageOf, type ApiClient } from '../api/client';
import type { Clock } from '../session/clock';
import type { AppState } from './model';
import { Patience } from './patience';
import { isSignedOut, type SessionDirectory } from './session_directory';
import type { Store } from './store';

/** Why somebody comes in: with a token for the first time, or with the cookie of an earlier visit. */
export type Visit = 'first_visit' | 'returning';

/**
 * The way into the page: the token if there is one, then the first list of sessions. Only the server's
 * 401 leads to the form; a server that is full or away is waited for, and the page says so.
 */
export class SignIn {
  private readonly patience: Patience;

  constructor(
    private readonly store: Store<AppState>,
    private readonly api: Pick<ApiClient, 'login'>,
    private readonly sessions: Pick<SessionDirectory, 'load'>,
    clock: Clock,
    /** Uniform in [0, 1). */
    random: () => number,
    /** Signed in, and the list is there. */
    private readonly onEntered: (wanted: string | null, visit: Visit) => void,
  ) {
    this.patience = new Patience(clock, random, (trouble) => {
      this.store.set(trouble ? { trouble, auth: 'checking' } : { trouble });
    });
  }

  /** With the link that the server prints: the page must not lose its token to a server without room. */
  async withLink(token: string): Promise<void> {
    await this.login(() => this.patience.until(() => this.api.login(token), isFinal));
  }

  /** From the form, which keeps what was typed: one try. */
  async withForm(token: string): Promise<void> {
    await this.login(() => this.api.login(token).then(() => true));
  }

  /** With the cookie, if there is one; `wanted` is the session to show. */
  async enter(wanted: string | null, visit: Visit): Promise<void> {
    try {
      if (!(await this.patience.until(() => this.sessions.load(), isSignedOut))) return;
    } catch {
      return; // The directory has said that the page is signed out.
    }
    this.store.set({ auth: 'signed_in', loginError: null });
    this.onEntered(wanted, visit);
  }

  /** The user does not want to wait. */
  tryNow(): void {
    this.patience.tryNow();
  }

  stop(): void {
    this.patience.stop();
  }

  private async login(attempt: () => Promise<boolean>): Promise<void> {
    try {
      if (!(await attempt())) return;
    } catch (error) {
      const isRefused = error instanceof ApiError && [400, 401, 403].includes(error.status);
      const text = isRefused ? 'This token is not valid, or no longer.' : messageOf(error);
      this.store.set({ auth: 'signed_out', loginError: text });
      return;
    }
    await this.enter(null, 'first_visit');
  }
}

/** Waiting does not make a token good; whatever else is wrong may pass. */
function isFinal(error: unknown): boolean {
  const status = error instanceof ApiError ? error.status : 0;
  return status >= 400 && status < 500 && status !== 408 && status !== 429;
}
