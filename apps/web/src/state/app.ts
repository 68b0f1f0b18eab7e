import { ApiClient, ApiError } from '../api/client';
import { channelTopic } from '../api/channel_types';
import { isOffline, openSocket } from '../api/socket';
import { databaseTopic, type DatabaseState, type NewSession } from '../api/types';
import { idleCode } from '../protocol/close_codes';
import type { ServerMessage } from '../protocol/messages';
import type { Place } from '../recording/cast';
import { browserClock } from '../session/clock';
import { demandOf, pressureLevel } from '../session/demand';
import { Link } from '../session/link';
import type { LinkState } from '../session/link_types';
import type { TerminalAppearance } from '../terminal/terminal_view';
import { Archive } from './archive';
import { Channels } from './channels';
import { ClipboardDesk } from './clipboard_desk';
import {
  initialState,
  isDatabaseAway,
  isOver,
  parseFragment,
  parseTabs,
  type AppState,
  type Dialog,
} from './model';
import { Notices } from './notices';
import { Poll } from './poll';
import { SessionDirectory } from './session_directory';
import { SessionFeed } from './session_feed';
import {
  fontSizeMax,
  fontSizeMin,
  loadSettings,
  readJson,
  saveSettings,
  type Settings,
} from './settings';
import { SignIn, type Visit } from './sign_in';
import { Store } from './store';
import { Tabs, tabsKey } from './tabs';

/** Composes everything: the one object that components call. */
export class App {
  readonly store = new Store<AppState>(initialState(loadSettings(localStorage)));
  readonly notices = new Notices(this.store);
  readonly sessions: SessionDirectory;
  readonly archive: Archive;
  readonly channels: Channels;
  readonly clipboard: ClipboardDesk;
  readonly tabs: Tabs;
  private readonly api = new ApiClient();
  private readonly link: Link;
  private readonly feed: SessionFeed;
  private readonly usage: Poll;
  private readonly signIn: SignIn;
  private readonly darkScheme = matchMedia('(prefers-color-scheme: dark)');

  constructor() {
    this.link = new Link(
      {
        clock: browserClock,
        random: Math.random,
        openSocket,
        isOffline,
        probe: () => this.api.probe(),
      },
      {
        onState: (state) => this.onLinkState(state),
        onUp: (hello, options) => {
          this.store.set({ node: hello.node, version: hello.version, isDraining: false });
          this.tabs.onLinkUp(options);
          this.feed.onUp();
          this.usage.onUp();
          this.channels.onUp();
        },
        onDown: () => {
          this.tabs.onLinkDown();
          this.feed.onDown();
          this.usage.onDown();
          this.channels.onDown();
        },
        onActivity: () => {
          if (this.store.get().idleUntil !== null) this.store.set({ idleUntil: null });
        },
        onMessage: (message) => this.onMessage(message),
        onFrame: (frame) => this.tabs.onFrame(frame),
      },
    );
    this.sessions = new SessionDirectory(this.store, this.api, () => this.onSignedOut());
    this.archive = new Archive(this.store, this.api, () => this.onSignedOut());
    this.channels = new Channels(this.store, this.api, browserClock, () => this.onSignedOut());
    this.clipboard = new ClipboardDesk(
      this.store,
      this.notices,
      (id) => this.tabs.viewOf(id),
      sessionStorage,
    );
    this.tabs = new Tabs(this.store, this.link, this.notices, this.clipboard, () => this.appearance());
    this.feed = new SessionFeed(
      this.link,
      async () => {
        await this.sessions.load();
        await this.loadDatabase();
        await this.channels.load();
      },
      browserClock,
      Math.random,
      (trouble) => this.store.set({ trouble }),
    );
    this.usage = new Poll(async () => {
      await this.sessions.refreshUsage();
      await this.archive.refreshDatabase();
    }, browserClock);
    this.signIn = new SignIn(
      this.store,
      this.api,
      this.sessions,
      browserClock,
      Math.random,
      (wanted, visit) => this.onEntered(wanted, visit),
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
    addEventListener('online', () => {
      this.checkNow();
      this.tryNow();
    });
    addEventListener('offline', () => this.link.checkNow());
    addEventListener('pageshow', (event) => {
      if (event.persisted) this.checkNow();
    });
    document.addEventListener('visibilitychange', () => {
      this.applyDemand();
      if (!document.hidden) this.checkNow();
    });
    if (fragment.token !== null) await this.signIn.withLink(fragment.token);
    else await this.signIn.enter(fragment.session, 'returning');
  }

  async login(token: string): Promise<void> {
    await this.signIn.withForm(token);
  }

  private onEntered(wanted: string | null, visit: Visit): void {
    this.link.connect();
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
    this.feed.onDown();
    this.usage.onDown();
    this.channels.forget();
    this.signIn.stop();
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
    this.link.connect();
  }

  /** The user does not want to wait for what `trouble` is about. */
  tryNow(): void {
    this.signIn.tryNow();
    this.feed.tryNow();
  }

  /** A key or a click in a terminal: enough to come back after the server ended an idle connection. */
  wake(): void {
    const { link } = this.store.get();
    if (link.kind === 'stopped' && link.code === idleCode) this.reconnect();
  }

  /** The user is here: a request says so to the server. */
  stayConnected(): void {
    this.tabs.refresh(this.store.get().active);
    this.feed.subscribe(); // A page may have no terminal to refresh.
  }

  /** The page is visible, the network is back …: find out how things are. */
  private checkNow(): void {
    const { auth, trouble } = this.store.get();
    if (auth === 'signed_in') this.link.checkNow();
    // A hidden page gets its timers late.
    if (trouble && trouble.retryAt <= browserClock.now()) this.tryNow();
  }

  private applyDemand(): void {
    const demand = demandOf(this.store.get().pressure?.level ?? 0, document.hidden);
    this.link.setPingEvery(demand.pingEveryMs);
    this.feed.setDemand(demand);
    this.usage.setEvery(demand.usageEveryMs);
    this.channels.setEvery(demand.channelsEveryMs);
  }

  private onLinkState(link: LinkState): void {
    this.store.set({ link });
    if (link.kind === 'stopped' && link.rule.reaction === 'login') this.onSignedOut();
    if (link.kind === 'connected') return;
    this.store.set({ pressure: null, database: null, idleUntil: null });
    this.applyDemand();
  }

  private onMessage(message: ServerMessage): void {
    if ('stream' in message && message.stream !== undefined) {
      this.tabs.onMessage(message.stream, message);
      return;
    }
    switch (message.type) {
      case 'event':
        if (message.topic === databaseTopic) {
          this.onDatabase(message);
          void this.archive.refreshDatabase();
        } else if (message.topic === channelTopic) this.channels.apply(message);
        else this.sessions.apply(message);
        break;
      case 'pressure': {
        const { used, capacity } = message;
        const level = pressureLevel(message.level);
        this.store.set({ pressure: level === 0 ? null : { level, used, capacity } });
        this.applyDemand();
        break;
      }
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

  /** How it is now; its events tell how it goes on. */
  private async loadDatabase(): Promise<void> {
    try {
      this.onDatabase(await this.archive.loadDatabase());
    } catch (error) {
      // The list of sessions is there, so it is not the network: a server of before that has no database.
      if (!(error instanceof ApiError)) throw error;
    }
  }

  private onDatabase({ state, reason }: DatabaseState): void {
    this.store.set({ database: isDatabaseAway(state) ? { state, reason } : null });
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
    this.wake();
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

  openArchive(): void {
    this.showDialog({ kind: 'archive' });
    void this.archive.open(this.store.get().archive.view);
  }

  /** Shows the terminal of a session that is not over; false: there is none. */
  openLive(id: string): boolean {
    const session = this.sessions.find(id);
    if (!session || isOver(session)) return false;
    this.showDialog(null);
    this.tabs.show(id);
    return true;
  }

  /** Of a session: from its beginning, or standing still at a place. */
  showRecording(session: string, title: string, place: Place | null): void {
    const isFromArchive = this.store.get().dialog?.kind === 'archive';
    this.showDialog({ kind: 'recording', session, title, place, isFromArchive });
  }

  setDrawer(isDrawerOpen: boolean): void {
    this.store.set({ isDrawerOpen });
  }

  get theme(): 'dark' | 'light' {
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
