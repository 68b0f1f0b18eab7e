import { ApiClient, ApiError } from '../api/client';
import { EventStream, type EventSourceLike } from '../api/events';
import type { NewSession, Session, SessionEvent } from '../api/types';
import type { Frame } from '../protocol/frames';
import type { Mode, ServerMessage } from '../protocol/messages';
import { browserClock } from '../session/clock';
import { Link, type LinkState, type Refusal, type SocketLike } from '../session/link';
import { SessionStream, type StreamView } from '../session/session_stream';
import { copyText, planPaste } from '../terminal/clipboard';
import { bufferText, screenRows, styledRow, type StyledRun } from '../terminal/describe';
import { TerminalView, type TerminalAppearance } from '../terminal/terminal_view';
import { snapshotNotice } from '../ui/format';
import { ConsentBook, type Consent } from './consent';
import {
  applyEvent,
  findSession,
  nextActive,
  parseFragment,
  parseTabs,
  sortSessions,
  type AppState,
  type Dialog,
  type OpenTab,
} from './model';
import {
  fontSizeMax,
  fontSizeMin,
  loadSettings,
  readJson,
  saveSettings,
  writeJson,
  type Settings,
} from './settings';
import { Store } from './store';

/** A session that has a tab in this page. */
interface OpenSession {
  stream: SessionStream;
  view: TerminalView;
  /** A tab that was never shown is not attached: it must not take the size of its session. */
  wasShown: boolean;
}

const tabsKey = 'roost.tabs';
const noticeMs = 4000;
const toastMs = 6000;
/** Size to attach with before anything could be measured. */
const fallbackSize = { cols: 80, rows: 24 };

const loopbackHosts = new Set(['localhost', '127.0.0.1', '[::1]']);

/** Composes everything: the one object that components call. */
export class App {
  readonly store: Store<AppState>;
  private readonly api = new ApiClient();
  private readonly link: Link;
  private readonly events: EventStream;
  private readonly open = new Map<string, OpenSession>();
  private readonly consents = new ConsentBook(sessionStorage);
  private readonly darkScheme = matchMedia('(prefers-color-scheme: dark)');
  private lastStream = 0;
  private lastToast = 0;
  private noticeTimer: number | undefined;
  private modes: Record<string, Mode> = {};

  constructor() {
    this.store = new Store<AppState>({
      auth: 'checking',
      loginError: null,
      node: null,
      version: null,
      link: { kind: 'idle' },
      sessions: undefined,
      removed: {},
      tabs: [],
      active: null,
      streams: {},
      notice: null,
      pressure: 0,
      idleUntil: null,
      isDraining: false,
      clipboardRequest: null,
      search: null,
      hoveredLink: null,
      latched: { ctrl: false, alt: false },
      dialog: null,
      isDrawerOpen: false,
      toasts: [],
      settings: loadSettings(localStorage),
    });
    this.link = new Link(
      {
        clock: browserClock,
        random: Math.random,
        openSocket: (subprotocol) => openSocket(subprotocol),
        isOffline: () => !navigator.onLine && !loopbackHosts.has(location.hostname),
        probe: () => this.probe(),
      },
      {
        onState: (state) => this.onLinkState(state),
        onUp: (hello, { fresh }) => {
          this.store.set({ node: hello.node, version: hello.version, isDraining: false });
          for (const { stream, wasShown } of this.open.values()) {
            if (wasShown && stream.view.phase !== 'exited') stream.attach({ fresh });
          }
        },
        onDown: () => {
          for (const { stream } of this.open.values()) stream.onLinkDown();
        },
        onMessage: (message) => this.onMessage(message),
        onFrame: (frame) => this.onFrame(frame),
      },
    );
    this.events = new EventStream(
      () => new EventSource('/api/v1/events') as unknown as EventSourceLike,
      browserClock,
      Math.random,
      { onOpen: () => void this.loadSessions(), onEvent: (event) => this.onEvent(event) },
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
    if (fragment.token !== null) {
      await this.login(fragment.token);
      return;
    }
    if (await this.loadSessions()) this.enter(fragment.session, 'returning');
  }

  async login(token: string): Promise<void> {
    try {
      await this.api.login(token);
      this.store.set({ loginError: null });
    } catch (error) {
      const isRefused = error instanceof ApiError && [400, 401, 403].includes(error.status);
      const text = isRefused ? 'This token is not valid, or no longer.' : messageOf(error);
      this.store.set({ auth: 'signed_out', loginError: text });
      return;
    }
    if (await this.loadSessions()) this.enter(null, 'first_visit');
  }

  private enter(wanted: string | null, visit: 'first_visit' | 'returning'): void {
    this.store.set({ auth: 'signed_in' });
    this.link.connect();
    this.events.start();
    if (this.store.get().tabs.length > 0) return; // Signed in again: everything is still here.
    const sessions = this.store.get().sessions ?? [];
    const isKnown = (id: string) => sessions.some((session) => session.id === id);
    const stored = parseTabs(readJson(sessionStorage, tabsKey));
    for (const tab of stored.tabs) {
      if (isKnown(tab.id)) this.openTab(tab.id, tab.mode);
    }
    const running = sessions.find((session) => session.state === 'running');
    const choice = [wanted, stored.active].find((id) => id !== null && isKnown(id));
    if (choice) this.show(choice);
    else if (running) this.show(running.id);
    else if (visit === 'first_visit') void this.create({});
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

  private signedOut(): void {
    this.link.close();
    this.events.stop();
    this.store.set({ auth: 'signed_out', loginError: null, dialog: null });
  }

  // --- sessions -------------------------------------------------------------------------------

  private async loadSessions(): Promise<boolean> {
    try {
      this.setSessions(sortSessions(await this.api.sessions()));
      return true;
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) this.signedOut();
      else if (this.store.get().auth === 'checking') {
        this.store.set({ auth: 'signed_out', loginError: messageOf(error) });
      }
      return false;
    }
  }

  private onEvent(event: SessionEvent): void {
    this.setSessions(applyEvent(this.store.get().sessions ?? [], event));
  }

  private setSessions(sessions: Session[]): void {
    const { sessions: before = [], tabs, removed } = this.store.get();
    const gone = before.filter((a) => tabs.includes(a.id) && !sessions.some((b) => b.id === a.id));
    const kept = { ...removed };
    for (const session of gone) kept[session.id] = session;
    for (const session of sessions) delete kept[session.id];
    this.store.set({ sessions, removed: kept });
  }

  /** True when it worked; otherwise the error is shown where the caller is (dialog or toast). */
  async create(wish: NewSession): Promise<string | null> {
    try {
      const size = this.areaSize();
      const session = await this.api.create({ ...size, ...wish });
      this.onEvent({ topic: 'session.created', at: session.created_at, session });
      this.show(session.id);
      return null;
    } catch (error) {
      if (this.store.get().dialog === null) this.toast(messageOf(error), 'error');
      return messageOf(error);
    }
  }

  async rename(id: string, title: string): Promise<string | null> {
    return this.attempt(() => this.api.rename(id, title));
  }

  async kill(id: string, how: 'politely' | 'now'): Promise<string | null> {
    return this.attempt(() => this.api.kill(id, how));
  }

  /** Forgets a session that has ended. */
  async remove(id: string): Promise<void> {
    const error = await this.kill(id, 'politely');
    if (error !== null) this.toast(error, 'error');
  }

  private async attempt(action: () => Promise<void>): Promise<string | null> {
    try {
      await action();
      return null;
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) this.signedOut();
      return messageOf(error);
    }
  }

  // --- tabs -----------------------------------------------------------------------------------

  /** Opens a tab for the session, or changes to it. */
  show(id: string): void {
    this.openTab(id, this.modes[id] ?? 'control');
    const opened = this.open.get(id);
    this.store.set({ active: id, isDrawerOpen: false, search: null, hoveredLink: null });
    this.saveTabs();
    if (!opened || opened.wasShown) return;
    opened.wasShown = true;
    if (this.link.isUp) opened.stream.attach();
  }

  /** Opens the session read-only. */
  watch(id: string): void {
    this.modes[id] = 'view';
    this.open.get(id)?.stream.setMode('view');
    this.show(id);
  }

  private openTab(id: string, mode: Mode): void {
    if (this.open.has(id)) return;
    this.modes[id] = mode;
    const view = this.createView(id);
    const stream = new SessionStream(
      id,
      this.link,
      browserClock,
      view,
      {
        onView: (streamView) => this.onStreamView(id, streamView),
        onSnapshot: (reason) => {
          const text = snapshotNotice(reason);
          if (text) this.notice(id, text, 'info');
        },
        onInputRefused: (why) => this.onInputRefused(id, why),
      },
      () => ++this.lastStream,
      { mode, size: this.areaSize() ?? fallbackSize },
    );
    this.open.set(id, { stream, view, wasShown: false });
    const { tabs, streams } = this.store.get();
    this.store.set({ tabs: [...tabs, id], streams: { ...streams, [id]: stream.view } });
  }

  closeTab(id: string): void {
    const opened = this.open.get(id);
    if (!opened) return;
    opened.stream.detach();
    opened.view.dispose();
    this.open.delete(id);
    delete this.modes[id];
    const { tabs, active, streams, removed } = this.store.get();
    const { [id]: _stream, ...otherStreams } = streams;
    const { [id]: _session, ...otherRemoved } = removed;
    const next = nextActive(tabs, id, active);
    this.store.set({
      tabs: tabs.filter((tab) => tab !== id),
      active: null,
      streams: otherStreams,
      removed: otherRemoved,
    });
    if (next !== null) this.show(next);
    this.saveTabs();
  }

  /** Changes to the tab that is `step` places to the right, around the end. */
  cycleTab(step: 1 | -1): void {
    const { tabs, active } = this.store.get();
    const index = tabs.indexOf(active ?? '');
    const next = tabs[(index + step + tabs.length) % tabs.length];
    if (next !== undefined) this.show(next);
  }

  private saveTabs(): void {
    const { tabs, active } = this.store.get();
    const saved: OpenTab[] = tabs.map((id) => ({ id, mode: this.modes[id] ?? 'control' }));
    writeJson(sessionStorage, tabsKey, { tabs: saved, active });
    const hash = active === null ? '' : `#session=${encodeURIComponent(active)}`;
    history.replaceState(null, '', location.pathname + hash);
  }

  // --- the terminal of a session --------------------------------------------------------------

  private createView(id: string): TerminalView {
    return new TerminalView(
      {
        onInput: (bytes) => {
          if (this.store.get().idleUntil !== null) this.store.set({ idleUntil: null });
          this.open.get(id)?.stream.sendInput(bytes);
        },
        mayReply: () => this.open.get(id)?.stream.mayReply ?? false,
        onWantedSize: (cols, rows) => this.open.get(id)?.stream.setWantedSize({ cols, rows }),
        onSelection: (text) => {
          if (text !== '' && this.store.get().settings.copyOnSelect) void copyText(text);
        },
        onPaste: (text) => this.pasteInto(id, text),
        onClipboardWrite: (text) => this.onClipboardWrite(id, text),
        onBell: () => this.notice(id, 'Bell', 'info'),
        onLinkHover: (url) => this.store.set({ hoveredLink: url }),
        onSearchResults: (index, count) => {
          if (this.store.get().search) this.store.set({ search: { index, count } });
        },
        onModifiersUsed: () => this.store.set({ latched: { ctrl: false, alt: false } }),
      },
      this.appearance(),
    );
  }

  /** Called by the pane that shows the session, when its element is in the page and visible. */
  mount(id: string, host: HTMLElement): void {
    const opened = this.open.get(id);
    if (!opened) return;
    if (!opened.view.isOpen) {
      opened.view.open(host);
      this.applyRole(id, opened.stream.view);
    }
    opened.view.onShown();
    if (!this.isTouch()) opened.view.focus();
  }

  focusTerminal(): void {
    this.activeView()?.focus();
  }

  takeControl(id: string): void {
    this.modes[id] = 'control';
    this.open.get(id)?.stream.takeControl();
    this.saveTabs();
    this.focusTerminal();
  }

  setMode(id: string, mode: Mode): void {
    this.modes[id] = mode;
    this.open.get(id)?.stream.setMode(mode);
    this.saveTabs();
  }

  retryAttach(id: string): void {
    this.open.get(id)?.stream.attach();
  }

  refresh(id: string): void {
    this.open.get(id)?.stream.refresh();
  }

  reconnect(): void {
    if (this.link.state.kind === 'stopped') this.link.connect();
    else this.link.checkNow();
    this.store.set({ idleUntil: null });
  }

  /** The user is here: a key press counts, and so does saying so. */
  stayConnected(): void {
    this.store.set({ idleUntil: null });
    const active = this.store.get().active;
    if (active !== null) this.open.get(active)?.stream.refresh();
  }

  private onStreamView(id: string, view: StreamView): void {
    this.store.set({ streams: { ...this.store.get().streams, [id]: view } });
    this.applyRole(id, view);
    if (view.error && view.phase !== 'failed') this.notice(id, view.error.message, 'warning');
  }

  private applyRole(id: string, view: StreamView): void {
    // Between connections the last layout stays, so that nothing jumps.
    if (view.phase === 'detached' || view.phase === 'attaching') return;
    this.open.get(id)?.view.setRole({
      mayType: view.mode === 'control' && view.phase !== 'exited',
      isFitted: view.isHolder,
    });
  }

  private onInputRefused(id: string, why: 'disconnected' | 'view_mode' | 'exited' | 'too_much'): void {
    const text = {
      disconnected: 'Not connected: this was not sent',
      view_mode: 'Read-only',
      exited: 'The program has ended',
      too_much: 'Too much at once: this was not sent',
    }[why];
    this.notice(id, text, 'warning');
  }

  /** Says that keys do nothing in a read-only view. */
  onKeyInReadOnly(id: string): void {
    this.onInputRefused(id, 'view_mode');
  }

  // --- clipboard ------------------------------------------------------------------------------

  pasteInto(id: string, raw: string): void {
    const view = this.store.get().streams[id];
    if (view?.mode === 'view') {
      this.onInputRefused(id, 'view_mode');
      return;
    }
    const { text, lines } = planPaste(raw);
    if (lines > 1 && this.store.get().settings.warnOnPaste) {
      this.store.set({ dialog: { kind: 'paste', session: id, text, lines } });
    } else this.open.get(id)?.view.paste(text);
  }

  confirmPaste(id: string, text: string): void {
    this.store.set({ dialog: null });
    this.open.get(id)?.view.paste(text);
  }

  async pasteFromClipboard(): Promise<void> {
    const active = this.store.get().active;
    if (active === null) return;
    try {
      this.pasteInto(active, await navigator.clipboard.readText());
    } catch {
      this.toast('This browser does not let the page read the clipboard.', 'error');
    }
  }

  async copySelection(): Promise<void> {
    const text = this.activeView()?.selection ?? '';
    if (text === '') return;
    const done = await copyText(text);
    this.toast(done ? 'Copied' : 'This browser does not let the page copy.', done ? 'info' : 'error');
  }

  private onClipboardWrite(id: string, text: string): void {
    const consent = this.consents.get(id);
    if (consent === 'always') void this.writeClipboard(text);
    else if (consent === null) this.store.set({ clipboardRequest: { session: id, text } });
  }

  answerClipboardRequest(answer: Consent | 'once' | 'not_now'): void {
    const request = this.store.get().clipboardRequest;
    this.store.set({ clipboardRequest: null });
    if (!request) return;
    if (answer === 'always' || answer === 'never') this.consents.set(request.session, answer);
    if (answer === 'always' || answer === 'once') void this.writeClipboard(request.text);
    this.focusTerminal();
  }

  private async writeClipboard(text: string): Promise<void> {
    if (!(await copyText(text))) this.toast('This browser does not let the page copy.', 'error');
  }

  // --- search ---------------------------------------------------------------------------------

  openSearch(): void {
    if (this.store.get().active !== null) this.store.set({ search: { index: -1, count: 0 } });
  }

  find(text: string, direction: 'next' | 'previous', isIncremental: boolean): void {
    this.activeView()?.find(text, direction, isIncremental);
    if (text === '') this.store.set({ search: { index: -1, count: 0 } });
  }

  closeSearch(): void {
    this.store.set({ search: null });
    this.activeView()?.endSearch();
  }

  // --- touch keys -----------------------------------------------------------------------------

  pressKey(name: string): void {
    this.activeView()?.pressKey(name);
    this.focusTerminal();
  }

  toggleModifier(name: 'ctrl' | 'alt'): void {
    const view = this.activeView();
    if (!view) return;
    view.modifiers[name] = !view.modifiers[name];
    this.store.set({ latched: { ...view.modifiers } });
    view.focus();
  }

  // --- appearance -----------------------------------------------------------------------------

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

  get theme(): 'dark' | 'light' {
    const { theme } = this.store.get().settings;
    if (theme !== 'system') return theme;
    return this.darkScheme.matches ? 'dark' : 'light';
  }

  isTouch(): boolean {
    return matchMedia('(pointer: coarse)').matches;
  }

  private applyTheme(): void {
    document.documentElement.dataset['theme'] = this.theme;
    const appearance = this.appearance();
    for (const { view } of this.open.values()) view.setAppearance(appearance);
  }

  private appearance(): TerminalAppearance {
    const { fontSize, screenReader, shiftEnter } = this.store.get().settings;
    return { theme: this.theme, fontSize, screenReader, shiftEnter };
  }

  // --- dialogs, notices -----------------------------------------------------------------------

  showDialog(dialog: Dialog | null): void {
    this.store.set({ dialog });
  }

  setDrawer(isDrawerOpen: boolean): void {
    this.store.set({ isDrawerOpen });
  }

  toast(text: string, tone: 'info' | 'error'): void {
    const id = ++this.lastToast;
    this.store.set({ toasts: [...this.store.get().toasts.slice(-3), { id, text, tone }] });
    setTimeout(() => this.dismissToast(id), toastMs);
  }

  dismissToast(id: number): void {
    this.store.set({ toasts: this.store.get().toasts.filter((toast) => toast.id !== id) });
  }

  private notice(session: string, text: string, tone: 'info' | 'warning'): void {
    clearTimeout(this.noticeTimer);
    this.store.set({ notice: { session, text, tone } });
    this.noticeTimer = setTimeout(() => this.store.set({ notice: null }), noticeMs) as unknown as number;
  }

  // --- for tests and bug reports --------------------------------------------------------------

  /** What an open session's terminal shows and what its stream is at; null without a tab. */
  inspect(id: string): object | null {
    const opened = this.open.get(id);
    if (!opened) return null;
    const { terminal } = opened.view;
    const buffer = terminal.buffer.active;
    return {
      ...opened.stream.view,
      offset: opened.stream.offset,
      isParsed: opened.stream.pump.isIdle,
      terminal: { cols: terminal.cols, rows: terminal.rows, buffer: buffer.type },
      cursor: { x: buffer.cursorX, y: buffer.cursorY },
      text: bufferText(terminal),
      screen: screenRows(terminal),
    };
  }

  /** How a row of an open session's screen looks. */
  styledRow(id: string, row: number): StyledRun[] {
    const opened = this.open.get(id);
    return opened ? styledRow(opened.view.terminal, row) : [];
  }

  // --- the connection -------------------------------------------------------------------------

  private onLinkState(link: LinkState): void {
    this.store.set({ link });
    if (link.kind === 'stopped' && link.rule.reaction === 'login') this.signedOut();
    if (link.kind !== 'connected') this.store.set({ pressure: 0, idleUntil: null });
  }

  private onMessage(message: ServerMessage): void {
    if ('stream' in message && message.stream !== undefined) {
      for (const { stream } of this.open.values()) {
        if (stream.number === message.stream) stream.onMessage(message);
      }
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
        this.toast(message.message, 'error');
        break;
      default:
        break;
    }
  }

  private onFrame(frame: Frame): void {
    for (const { stream } of this.open.values()) {
      if (stream.number === frame.stream) stream.onFrame(frame);
    }
  }

  private activeView(): TerminalView | undefined {
    return this.open.get(this.store.get().active ?? '')?.view;
  }

  private areaSize(): { cols: number; rows: number } | null {
    return this.activeView()?.wantedSize() ?? null;
  }

  /** The session behind a tab, also when the server has forgotten it. */
  session(id: string | null): Session | undefined {
    return findSession(this.store.get(), id);
  }
}

function openSocket(subprotocol: string): SocketLike {
  const url = new URL('/ws', location.href);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  url.hash = '';
  return new WebSocket(url, subprotocol) as SocketLike;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
