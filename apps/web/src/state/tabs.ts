import type { Frame } from '../protocol/frames';
import type { Mode, ServerMessage } from '../protocol/messages';
import { browserClock } from '../session/clock';
import type { Link } from '../session/link';
import { SessionStream, type Size, type StreamView } from '../session/session_stream';
import { bufferText, screenRows, styledRow, type StyledRun } from '../terminal/describe';
import { TerminalView, type TerminalAppearance } from '../terminal/terminal_view';
import { snapshotNotice } from '../ui/format';
import type { ClipboardDesk } from './clipboard_desk';
import { findSession, nextActive, type AppState, type OpenTab } from './model';
import type { Notices } from './notices';
import { writeJson } from './settings';
import type { Store } from './store';

/** A session that has a tab in this page. */
interface OpenSession {
  stream: SessionStream;
  view: TerminalView;
  mode: Mode;
  /** A tab that was never shown is not attached: it must not take the size of its session. */
  wasShown: boolean;
}

export const tabsKey = 'roost.tabs';
/** Size to attach with before anything could be measured. */
const fallbackSize = { cols: 80, rows: 24 };

/** The sessions that are open in this page: their tabs, streams and terminals, over one link. */
export class Tabs {
  private readonly open = new Map<string, OpenSession>();
  private lastStream = 0;

  constructor(
    private readonly store: Store<AppState>,
    private readonly link: Link,
    private readonly notices: Notices,
    private readonly clipboard: ClipboardDesk,
    private readonly appearance: () => TerminalAppearance,
  ) {}

  // --- tabs -----------------------------------------------------------------------------------

  /** Opens a tab for the session, or changes to it. */
  show(id: string): void {
    this.add(id, 'control');
    this.store.set({ active: id, isDrawerOpen: false, search: null, hoveredLink: null });
    this.save();
    const opened = this.open.get(id);
    if (!opened || opened.wasShown) return;
    opened.wasShown = true;
    if (this.link.isUp) opened.stream.attach();
  }

  /** Opens the session read-only. */
  watch(id: string): void {
    this.add(id, 'view');
    this.setMode(id, 'view');
    this.show(id);
  }

  /** A tab that is not shown yet. */
  add(id: string, mode: Mode): void {
    if (this.open.has(id)) return;
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
          if (text) this.notices.say(id, text, 'info');
        },
        onInputRefused: (why) => this.onInputRefused(id, why),
      },
      () => ++this.lastStream,
      { mode, size: this.areaSize() ?? fallbackSize },
    );
    this.open.set(id, { stream, view, mode, wasShown: false });
    const { tabs, streams } = this.store.get();
    this.store.set({ tabs: [...tabs, id], streams: { ...streams, [id]: stream.view } });
  }

  /** Closes the tab; the session keeps running. */
  close(id: string): void {
    const opened = this.open.get(id);
    if (!opened) return;
    opened.stream.detach();
    opened.view.dispose();
    this.open.delete(id);
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
    this.save();
  }

  /** Changes to the tab that is `step` places to the right, around the end. */
  cycle(step: 1 | -1): void {
    const { tabs, active } = this.store.get();
    const index = tabs.indexOf(active ?? '');
    const next = tabs[(index + step + tabs.length) % tabs.length];
    if (next !== undefined) this.show(next);
  }

  private save(): void {
    const { tabs, active } = this.store.get();
    const saved: OpenTab[] = tabs.map((id) => ({ id, mode: this.open.get(id)?.mode ?? 'control' }));
    writeJson(sessionStorage, tabsKey, { tabs: saved, active });
    const hash = active === null ? '' : `#session=${encodeURIComponent(active)}`;
    history.replaceState(null, '', location.pathname + hash);
  }

  // --- who drives -----------------------------------------------------------------------------

  takeControl(id: string): void {
    const opened = this.open.get(id);
    if (!opened) return;
    opened.mode = 'control';
    opened.stream.takeControl();
    this.save();
    this.focus();
  }

  setMode(id: string, mode: Mode): void {
    const opened = this.open.get(id);
    if (!opened) return;
    opened.mode = mode;
    opened.stream.setMode(mode);
    this.save();
  }

  retry(id: string): void {
    this.open.get(id)?.stream.attach();
  }

  /** Asks the server for the screen anew. */
  refresh(id: string | null): void {
    this.open.get(id ?? '')?.stream.refresh();
  }

  /** Says that keys do nothing in a read-only view. */
  onKeyInReadOnly(id: string): void {
    this.onInputRefused(id, 'view_mode');
  }

  // --- the link -------------------------------------------------------------------------------

  onLinkUp(options: { fresh: boolean }): void {
    for (const { stream, wasShown } of this.open.values()) {
      if (wasShown && stream.view.phase !== 'exited') stream.attach(options);
    }
  }

  onLinkDown(): void {
    for (const { stream } of this.open.values()) stream.onLinkDown();
  }

  onMessage(number: number, message: ServerMessage): void {
    this.byNumber(number)?.onMessage(message);
  }

  onFrame(frame: Frame): void {
    this.byNumber(frame.stream)?.onFrame(frame);
  }

  private byNumber(number: number): SessionStream | undefined {
    for (const { stream } of this.open.values()) if (stream.number === number) return stream;
    return undefined;
  }

  private onStreamView(id: string, view: StreamView): void {
    const { streams } = this.store.get();
    const isNewError = view.error !== null && view.error !== streams[id]?.error;
    this.store.set({ streams: { ...streams, [id]: view } });
    this.applyRole(id, view);
    if (isNewError && view.error && view.phase !== 'failed') {
      this.notices.say(id, this.errorText(id, view.error), 'warning');
    }
  }

  /** A session that waits for its next program has not ended, whatever the server calls it to who types. */
  private errorText(id: string, { code, message }: NonNullable<StreamView['error']>): string {
    const session = findSession(this.store.get(), id);
    const isBetween = code === 'session-ended' && session?.state === 'starting';
    return isBetween ? 'No program runs at the moment: this was not sent' : message;
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
    this.notices.say(id, text, 'warning');
  }

  // --- terminals ------------------------------------------------------------------------------

  /** Called by the pane that shows the session, when its element is in the page and visible. */
  mount(id: string, host: HTMLElement, options: { focus: boolean }): void {
    const opened = this.open.get(id);
    if (!opened) return;
    if (!opened.view.isIn(host)) {
      opened.view.open(host);
      this.applyRole(id, opened.stream.view);
    }
    opened.view.onShown();
    if (options.focus) opened.view.focus();
  }

  focus(): void {
    this.front?.focus();
  }

  /** The terminal that is in front. */
  get front(): TerminalView | undefined {
    return this.viewOf(this.store.get().active ?? '');
  }

  viewOf(id: string): TerminalView | undefined {
    return this.open.get(id)?.view;
  }

  /** Columns and rows that fill the place of terminals; null while none is shown. */
  areaSize(): Size | null {
    return this.front?.wantedSize() ?? null;
  }

  applyAppearance(): void {
    const appearance = this.appearance();
    for (const { view } of this.open.values()) view.setAppearance(appearance);
  }

  private createView(id: string): TerminalView {
    return new TerminalView(
      {
        onInput: (bytes) => {
          if (this.store.get().idleUntil !== null) this.store.set({ idleUntil: null });
          this.open.get(id)?.stream.sendInput(bytes);
        },
        mayReply: () => this.open.get(id)?.stream.mayReply ?? false,
        onWantedSize: (cols, rows) => this.open.get(id)?.stream.setWantedSize({ cols, rows }),
        onSelection: (text) => this.clipboard.onSelection(text),
        onPaste: (text) => this.clipboard.paste(id, text),
        onClipboardWrite: (text) => this.clipboard.onProgramWrites(id, text),
        onBell: () => this.notices.say(id, 'Bell', 'info'),
        onLinkHover: (url) => this.store.set({ hoveredLink: url }),
        onSearchResults: (index, count) => {
          if (this.store.get().search) this.store.set({ search: { index, count } });
        },
        onModifiersUsed: () => this.store.set({ latched: { ctrl: false, alt: false } }),
      },
      this.appearance(),
    );
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
}
