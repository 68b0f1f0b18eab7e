import { ApiClient, ApiError, messageOf } from '../api/client';
import { EventStream, type EventSourceLike } from '../api/events';
import type { NewSession } from '../api/types';
import type { ServerMessage } from '../protocol/messages';
import { browserClock } from '../session/clock';
import { Link, type LinkState, type Refusal, type SocketLike } from '../session/link';
import type { TerminalAppearance } from '../terminal/terminal_view';
import { ClipboardDesk } from './clipboard_desk';
import { initialState, parseFragment, parseTabs, type AppState, type Dialog } from './model';
import { Notices } from './notices';
import { SessionDirectory } from './session_directory';
import {
  fontSizeMax,
  fontSizeMin,
  loadSettings,
  readJson,
  saveSettings,
  type Settings,
} from './settings';
import { Store } from './store';
import { Tabs, tabsKey } from './tabs';

const loopbackHosts = new Set(['localhost', '127.0.0.1', '[::1]']);

/** Composes everything: the one object that components call. */
export class App {
  readonly store = new Store<AppState>(initialState(loadSettings(localStorage)));
  readonly notices = new Notices(this.store);
  readonly sessions: SessionDirectory;
  readonly clipboard: ClipboardDesk;
  readonly tabs: Tabs;
  private readonly api = new ApiClient();
  private readonly link: Link;
  private readonly events: EventStream;
  private readonly darkScheme = matchMedia('(prefers-color-scheme: dark)');

  constructor() {
    this.link = new Link(
      {
        clock: browserClock,
        random: Math.random,
        openSocket,
        isOffline: () => !navigator.onLine && !loopbackHosts.has(location.hostname),
        probe: () => this.probe(),
      },
      {
        onState: (state) => this.onLinkState(state),
        onUp: (hello, options) => {
          this.store.set({ node: hello.node, version: hello.version, isDraining: false });
          this.tabs.onLinkUp(options);
        },
        onDown: () => this.tabs.onLinkDown(),
        onMessage: (message) => this.onMessage(message),
        onFrame: (frame) => this.tabs.onFrame(frame),
      },
    );
    this.sessions = new SessionDirectory(this.store, this.api, () => this.onSignedOut());
    this.clipboard = new ClipboardDesk(
      this.store,
      this.notices,
      (id) => this.tabs.viewOf(id),
      sessionStorage,
    );
    this.tabs = new Tabs(this.store, this.link, this.notices, this.clipboard, () => this.appearance());
    this.events = new EventStream(
      () => new EventSource('/api/v1/events') as unknown as EventSourceLike,
      browserClock,
      Math.random,
      {
        onOpen: () => void this.sessions.load(),
        onEvent: (event) => this.sessions.apply(event),
      },
    );
  }

  // --- signing in -----------------------------------------------------------------------------

  /** Reads the fragment, signs in with its token, and opens what was open. */
  async start(): Promise<void> {
    const fragment = parseFragment(location.hash);
    // The token must not stay in the address bar, the history or a bookmark.
    if (fragment.token !== null) history.replaceState(null, '', location.pathname);
    this.applyTheme();
    this.darkScheme.addEventListener('change', () => this.applyTheme());
    addEventListener('online', () => this.checkNow());
    addEventListener('offline', () => this.link.checkNow());
    addEventListener('pageshow', (event) => {
      if (event.persisted) this.checkNow();
    });
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'visible') this.checkNow();
    });
    if (fragment.token !== null) await this.login(fragment.token);
    else await this.enter(fragment.session, 'returning');
  }

  async login(token: string): Promise<void> {
    try {
      await this.api.login(token);
    } catch (error) {
      const isRefused = error instanceof ApiError && [400, 401, 403].includes(error.status);
      const text = isRefused ? 'This token is not valid, or no longer.' : messageOf(error);
      this.store.set({ auth: 'signed_out', loginError: text });
      return;
    }
    await this.enter(null, 'first_visit');
  }

  private async enter(wanted: string | null, visit: 'first_visit' | 'returning'): Promise<void> {
    const error = await this.sessions.load();
    if (error !== null) {
      if (this.store.get().auth !== 'signed_out') this.store.set({ auth: 'signed_out', loginError: error });
      return;
    }
    this.store.set({ auth: 'signed_in', loginError: null });
    this.link.connect();
    this.events.start();
    if (this.store.get().tabs.length > 0) return; // Signed in again: everything is still here.
    const sessions = this.store.get().sessions ?? [];
    const isKnown = (id: string) => sessions.some((session) => session.id === id);
    const stored = parseTabs(readJson(sessionStorage, tabsKey));
    for (const tab of stored.tabs) if (isKnown(tab.id)) this.tabs.add(tab.id, tab.mode);
    const running = sessions.find((session) => session.state === 'running');
    const choice = [wanted, stored.active, running?.id ?? null].find((id) => id !== null && isKnown(id));
    if (choice) this.tabs.show(choice);
    else if (visit === 'first_visit') void this.create({});
  }

  private onSignedOut(): void {
    this.link.close();
    this.events.stop();
    this.store.set({ auth: 'signed_out', loginError: null, dialog: null });
  }

  // --- sessions -------------------------------------------------------------------------------

  /** Starts a session and shows it. Null, or why not; said in a corner when no dialog is open. */
  async create(wish: NewSession): Promise<string | null> {
    const made = await this.sessions.create({ ...this.tabs.areaSize(), ...wish });
    if (typeof made !== 'string') {
      this.tabs.show(made.id);
      return null;
    }
    if (this.store.get().dialog === null) this.notices.toast(made, 'error');
    return made;
  }

  /** Forgets a session that has ended. */
  async remove(id: string): Promise<void> {
    const error = await this.sessions.kill(id, 'politely');
    if (error !== null) this.notices.toast(error, 'error');
  }

  // --- the connection -------------------------------------------------------------------------

  /** The user asks for it: at once. */
  reconnect(): void {
    if (this.link.state.kind === 'stopped') this.link.connect();
    else this.link.checkNow();
    this.store.set({ idleUntil: null });
  }

  /** The user is here: the ack of a fresh screen says so to the server. */
  stayConnected(): void {
    this.store.set({ idleUntil: null });
    this.tabs.refresh(this.store.get().active);
  }

  /** The page is visible, the network is back …: find out how things are. */
  private checkNow(): void {
    if (this.store.get().auth !== 'signed_in') return;
    this.link.checkNow();
    this.events.checkNow();
  }

  private async probe(): Promise<Refusal> {
    try {
      await this.api.sessions();
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) return 'unauthenticated';
      if (error instanceof ApiError && error.status === 403) return 'forbidden';
    }
    return 'none';
  }

  private onLinkState(link: LinkState): void {
    this.store.set({ link });
    if (link.kind === 'stopped' && link.rule.reaction === 'login') this.onSignedOut();
    if (link.kind !== 'connected') this.store.set({ pressure: 0, idleUntil: null });
  }

  private onMessage(message: ServerMessage): void {
    if ('stream' in message && message.stream !== undefined) {
      this.tabs.onMessage(message.stream, message);
      return;
    }
    switch (message.type) {
      case 'pressure':
        this.store.set({ pressure: Math.max(0, Math.min(2, message.level)) as 0 | 1 | 2 });
        break;
      case 'idle_warning':
        this.store.set({ idleUntil: Date.now() + message.seconds * 1000 });
        break;
      case 'draining':
        this.store.set({ isDraining: true });
        break;
      case 'error':
        this.notices.toast(message.message, 'error');
        break;
      default:
        break;
    }
  }

  // --- search and touch keys ------------------------------------------------------------------

  openSearch(): void {
    if (this.store.get().active !== null) this.store.set({ search: { index: -1, count: 0 } });
  }

  find(text: string, direction: 'next' | 'previous', isIncremental: boolean): void {
    this.tabs.front?.find(text, direction, isIncremental);
    if (text === '') this.store.set({ search: { index: -1, count: 0 } });
  }

  closeSearch(): void {
    this.store.set({ search: null });
    this.tabs.front?.endSearch();
  }

  pressKey(name: string): void {
    this.tabs.front?.pressKey(name);
    this.tabs.focus();
  }

  toggleModifier(name: 'ctrl' | 'alt'): void {
    const view = this.tabs.front;
    if (!view) return;
    view.modifiers[name] = !view.modifiers[name];
    this.store.set({ latched: { ...view.modifiers } });
    view.focus();
  }

  // --- appearance and dialogs -----------------------------------------------------------------

  changeSettings(change: Partial<Settings>): void {
    const settings = { ...this.store.get().settings, ...change };
    this.store.set({ settings });
    saveSettings(localStorage, settings);
    this.applyTheme();
  }

  zoom(step: 1 | -1): void {
    const size = this.store.get().settings.fontSize + step;
    this.changeSettings({ fontSize: Math.max(fontSizeMin, Math.min(fontSizeMax, size)) });
  }

  isTouch(): boolean {
    return matchMedia('(pointer: coarse)').matches;
  }

  showDialog(dialog: Dialog | null): void {
    this.store.set({ dialog });
  }

  setDrawer(isDrawerOpen: boolean): void {
    this.store.set({ isDrawerOpen });
  }

  private get theme(): 'dark' | 'light' {
    const { theme } = this.store.get().settings;
    if (theme !== 'system') return theme;
    return this.darkScheme.matches ? 'dark' : 'light';
  }

  private applyTheme(): void {
    document.documentElement.dataset['theme'] = this.theme;
    this.tabs.applyAppearance();
  }

  private appearance(): TerminalAppearance {
    const { fontSize, screenReader, shiftEnter } = this.store.get().settings;
    return { theme: this.theme, fontSize, screenReader, shiftEnter };
  }
}

function openSocket(subprotocol: string): SocketLike {
  const url = new URL('/ws', location.href);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  url.hash = '';
  return new WebSocket(url, subprotocol) as SocketLike;
}
