import type { Terminal } from '@xterm/xterm';

/** Scrolls with a finger: the scrollback, or (in full-screen programs) with cursor keys. */
export class TouchScroll {
  private lastY: number | null = null;
  private rest = 0;

  constructor(
    private readonly host: HTMLElement,
    private readonly terminal: Terminal,
    private readonly type: (data: string) => void,
  ) {
    host.addEventListener('touchstart', this.onStart, { passive: true });
    host.addEventListener('touchmove', this.onMove, { passive: false });
  }

  dispose(): void {
    this.host.removeEventListener('touchstart', this.onStart);
    this.host.removeEventListener('touchmove', this.onMove);
  }

  private readonly onStart = (event: TouchEvent): void => {
    this.lastY = event.touches.length === 1 ? (event.touches[0]?.clientY ?? null) : null;
    this.rest = 0;
  };

  private readonly onMove = (event: TouchEvent): void => {
    const y = event.touches[0]?.clientY;
    if (this.lastY === null || y === undefined || event.touches.length !== 1) return;
    event.preventDefault();
    const rowHeight = this.host.clientHeight / Math.max(1, this.terminal.rows);
    this.rest += (this.lastY - y) / rowHeight;
    this.lastY = y;
    const lines = Math.trunc(this.rest);
    if (lines === 0) return;
    this.rest -= lines;
    if (this.terminal.buffer.active.type === 'normal') this.terminal.scrollLines(lines);
    else {
      const prefix = this.terminal.modes.applicationCursorKeysMode ? '\x1bO' : '\x1b[';
      this.type((prefix + (lines > 0 ? 'B' : 'A')).repeat(Math.abs(lines)));
    }
  };
}
