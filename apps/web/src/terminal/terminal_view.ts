import { SearchAddon } from '@xterm/addon-search';
import { WebLinksAddon } from '@xterm/addon-web-links';
import { Terminal } from '@xterm/xterm';
import type { TerminalSink } from '../session/terminal_pump';
import { osc52Text } from './clipboard';
import { fitFont, fitGrid, type Box } from './fit';
import { applyModifiers, cursorKey, type Modifiers } from './key_modifiers';
import { Renderer } from './renderer';
import { ReplyGate } from './reply_gate';
import { themes } from './themes';
import { TouchScroll } from './touch_scroll';
import { Utf8Carry } from './utf8_carry';

export interface TerminalAppearance {
  theme: 'dark' | 'light';
  fontSize: number;
  screenReader: boolean;
  /** Shift+Enter sends ESC Enter. */
  shiftEnter: boolean;
}

export interface TerminalEvents {
  /** Bytes for the program: keys, pastes, mouse reports, allowed replies. */
  onInput(bytes: Uint8Array): void;
  /** Decides about the terminal's replies at the parse position. */
  mayReply(): boolean;
  /** The size this page would like has changed. */
  onWantedSize(cols: number, rows: number): void;
  onSelection(text: string): void;
  /** Text from the user's clipboard, before it is typed. */
  onPaste(text: string): void;
  /** A program asks to put text on the clipboard. */
  onClipboardWrite(text: string): void;
  onBell(): void;
  onLinkHover(url: string | null): void;
  onSearchResults(index: number, count: number): void;
  /** Latched modifiers of the key bar were used. */
  onModifiersUsed(): void;
}

const fontFamily =
  '"JetBrains Mono", "Cascadia Code", "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", "Liberation Mono", monospace';
/** Room that xterm's own scroll bar takes on the right. */
const scrollbarWidth = 12;
/** Must match `.xterm { padding }` in src/ui/style/terminal.css. */
const padding = { x: 8, y: 6 };
export const scrollbackLines = 10_000;

const encoder = new TextEncoder();

function openLink(url: string): void {
  if (/^https?:\/\//i.test(url)) window.open(url, '_blank', 'noopener,noreferrer');
}

/** One xterm.js terminal: the sink of a stream, plus everything that belongs to the page around it. */
export class TerminalView implements TerminalSink {
  private readonly carry = new Utf8Carry();
  readonly terminal: Terminal;
  readonly modifiers: Modifiers = { ctrl: false, alt: false };
  private readonly search = new SearchAddon({ highlightLimit: 2000 });
  private readonly renderer: Renderer;
  private readonly gate: ReplyGate;
  private host: HTMLElement | null = null;
  private observer: ResizeObserver | null = null;
  private touch: TouchScroll | null = null;
  private appearance: TerminalAppearance;
  /** The session's grid is this page's to choose, or not known yet; otherwise it is shown letterboxed. */
  private isFitted = true;

  constructor(
    private readonly events: TerminalEvents,
    appearance: TerminalAppearance,
  ) {
    this.appearance = appearance;
    this.terminal = new Terminal({
      allowProposedApi: true, // search decorations
      fontFamily,
      fontSize: appearance.fontSize,
      lineHeight: 1.15,
      theme: themes[appearance.theme],
      minimumContrastRatio: appearance.theme === 'light' ? 3 : 1,
      screenReaderMode: appearance.screenReader,
      scrollback: scrollbackLines,
      cursorBlink: true,
      cursorInactiveStyle: 'outline',
      macOptionIsMeta: true,
      rightClickSelectsWord: false,
      scrollOnUserInput: true,
      smoothScrollDuration: 0,
      linkHandler: {
        activate: (_event, url) => openLink(url),
        hover: (_event, url) => events.onLinkHover(url),
        leave: () => events.onLinkHover(null),
      },
    });
    this.renderer = new Renderer(this.terminal);
    this.gate = new ReplyGate(this.terminal, () => events.mayReply());
    const links = new WebLinksAddon((_event, url) => openLink(url), {
      hover: (_event, url) => events.onLinkHover(url),
      leave: () => events.onLinkHover(null),
    });
    this.terminal.loadAddon(this.search);
    this.terminal.loadAddon(links);
    this.search.onDidChangeResults(({ resultIndex, resultCount }) => {
      events.onSearchResults(resultIndex, resultCount);
    });
    this.terminal.parser.registerOscHandler(52, (data) => {
      const text = osc52Text(data);
      // A replay must not overwrite what the user has copied since.
      if (text !== null && events.mayReply()) events.onClipboardWrite(text);
      return true;
    });
    this.terminal.attachCustomKeyEventHandler((event) => this.onKey(event));
    this.terminal.onData((data) => this.onData(data));
    this.terminal.onBinary((data) => {
      events.onInput(Uint8Array.from(data, (char) => char.charCodeAt(0)));
    });
    this.terminal.onSelectionChange(() => events.onSelection(this.terminal.getSelection()));
    this.terminal.onBell(() => events.onBell());
  }

  // --- the sink of a stream -------------------------------------------------------------------

  write(bytes: Uint8Array, parsed: () => void): void {
    this.terminal.write(this.carry.take(bytes), parsed);
  }

  reset(): void {
    this.carry.clear();
    this.terminal.reset();
  }

  resize(cols: number, rows: number): void {
    if (cols !== this.terminal.cols || rows !== this.terminal.rows) this.terminal.resize(cols, rows);
    this.layout();
  }

  // --- the page around it ---------------------------------------------------------------------

  /**
   * Puts the terminal into the page when it is first shown, and into another place when the page was
   * built anew around it (after signing in again).
   */
  open(host: HTMLElement): void {
    if (this.host === host) return;
    this.observer?.disconnect();
    this.touch?.dispose();
    this.host = host;
    if (this.terminal.element) host.append(this.terminal.element);
    else this.terminal.open(host);
    host.addEventListener('paste', (event) => this.onPasteEvent(event), { capture: true });
    this.touch = new TouchScroll(host, this.terminal, (data) => this.terminal.input(data, true));
    this.observer = new ResizeObserver(() => this.layout());
    this.observer.observe(host);
    this.renderer.accelerate();
    this.layout();
  }

  /** The terminal's tab came to the front. */
  onShown(): void {
    if (!this.host) return;
    this.renderer.accelerate();
    this.layout();
  }

  focus(): void {
    this.terminal.focus();
  }

  isIn(host: HTMLElement): boolean {
    return this.host === host;
  }

  setAppearance(appearance: TerminalAppearance): void {
    this.appearance = appearance;
    this.terminal.options.theme = themes[appearance.theme];
    this.terminal.options.minimumContrastRatio = appearance.theme === 'light' ? 3 : 1;
    this.terminal.options.screenReaderMode = appearance.screenReader;
    this.terminal.options.fontSize = appearance.fontSize;
    this.layout();
  }

  /** Whether keys reach the program, and whether the page's size becomes the session's. */
  setRole(role: { mayType: boolean; isFitted: boolean }): void {
    this.terminal.options.disableStdin = !role.mayType;
    this.terminal.options.cursorBlink = role.mayType;
    if (this.isFitted === role.isFitted) return;
    this.isFitted = role.isFitted;
    this.layout();
  }

  /** Columns and rows that would fill the area at the user's font size. */
  wantedSize(): { cols: number; rows: number } | null {
    const area = this.area();
    const cell = this.userCell();
    return area && cell ? fitGrid(area, cell) : null;
  }

  /** Types `text` as the user's paste: bracketed when the program asked for that. */
  paste(text: string): void {
    this.terminal.paste(text);
    this.terminal.focus();
  }

  /** Types the sequence of a key of the touch bar. */
  pressKey(name: string): void {
    const { ctrl, alt } = this.modifiers;
    const isApplicationMode = this.terminal.modes.applicationCursorKeysMode;
    const plain: Record<string, string> = { Esc: '\x1b', Tab: '\t' };
    const data = plain[name] ?? (name.length === 1 ? name : null);
    if (data !== null) this.terminal.input(data, true);
    else {
      this.releaseModifiers();
      this.terminal.input(cursorKey(name, isApplicationMode, { ctrl, alt }), true);
    }
  }

  get selection(): string {
    return this.terminal.getSelection();
  }

  find(text: string, direction: 'next' | 'previous', isIncremental: boolean): void {
    const decorations = {
      matchBackground: '#5b4a1c',
      matchOverviewRuler: '#e5b567',
      activeMatchBackground: '#b7791f',
      activeMatchColorOverviewRuler: '#f0b849',
    };
    if (text === '') this.search.clearDecorations();
    else if (direction === 'next') {
      this.search.findNext(text, { incremental: isIncremental, decorations });
    } else this.search.findPrevious(text, { decorations });
  }

  endSearch(): void {
    this.search.clearDecorations();
    this.terminal.focus();
  }

  dispose(): void {
    this.observer?.disconnect();
    this.touch?.dispose();
    this.renderer.release();
    this.gate.dispose();
    this.terminal.dispose();
  }

  private onData(data: string): void {
    if (this.gate.isUnwanted(data)) return;
    const { ctrl, alt } = this.modifiers;
    if (!ctrl && !alt) {
      this.events.onInput(encoder.encode(data));
      return;
    }
    this.releaseModifiers();
    this.events.onInput(encoder.encode(applyModifiers(data, { ctrl, alt })));
  }

  /** False for keys that are handled here and not by xterm. */
  private onKey(event: KeyboardEvent): boolean {
    const isShiftEnter =
      event.key === 'Enter' && event.shiftKey && !event.ctrlKey && !event.altKey && !event.metaKey;
    if (!isShiftEnter || !this.appearance.shiftEnter) return true;
    if (event.type === 'keydown') this.terminal.input('\x1b\r', true);
    event.preventDefault();
    return false;
  }

  private releaseModifiers(): void {
    if (!this.modifiers.ctrl && !this.modifiers.alt) return;
    this.modifiers.ctrl = this.modifiers.alt = false;
    this.events.onModifiersUsed();
  }

  private onPasteEvent(event: ClipboardEvent): void {
    event.preventDefault();
    event.stopPropagation();
    const text = event.clipboardData?.getData('text/plain') ?? '';
    if (text !== '') this.events.onPaste(text);
  }

  /** Fills the area, or shows a foreign grid in it as large as it fits. */
  private layout(): void {
    const area = this.area();
    const cell = this.userCell();
    if (!area || !cell || !this.host) return;
    const wanted = fitGrid(area, cell);
    if (wanted) this.events.onWantedSize(wanted.cols, wanted.rows);
    const { cols, rows } = this.terminal;
    const font = this.isFitted
      ? this.appearance.fontSize
      : fitFont(area, cell, { cols, rows }, this.appearance.fontSize);
    if (this.terminal.options.fontSize !== font) this.terminal.options.fontSize = font;
    const isSmaller = wanted !== null && (cols < wanted.cols || rows < wanted.rows);
    this.host.classList.toggle('letterbox', !this.isFitted && isSmaller);
    const shown = this.screenBox();
    if (shown && this.terminal.element) {
      // The element hugs the grid when it is letterboxed, so that its frame shows the real size.
      const { style } = this.terminal.element;
      style.width = this.isFitted ? '' : `${shown.width + 2 * padding.x + scrollbarWidth}px`;
      style.height = this.isFitted ? '' : `${shown.height + 2 * padding.y}px`;
    }
  }

  private area(): Box | null {
    if (!this.host || this.host.clientWidth === 0 || this.host.clientHeight === 0) return null;
    return {
      width: this.host.clientWidth - 2 * padding.x - scrollbarWidth,
      height: this.host.clientHeight - 2 * padding.y,
    };
  }

  private screenBox(): Box | null {
    const screen = this.terminal.element?.querySelector<HTMLElement>('.xterm-screen');
    if (!screen) return null;
    return { width: screen.clientWidth, height: screen.clientHeight };
  }

  /** The size of a cell at the user's font size; cells scale with the font. */
  private userCell(): Box | null {
    const screen = this.screenBox();
    if (!screen || screen.width === 0) return null;
    const scale = this.appearance.fontSize / (this.terminal.options.fontSize ?? 1);
    return {
      width: (screen.width / this.terminal.cols) * scale,
      height: (screen.height / this.terminal.rows) * scale,
    };
  }
}
