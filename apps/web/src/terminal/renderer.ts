import { WebglAddon } from '@xterm/addon-webgl';
import type { Terminal } from '@xterm/xterm';

/** Browsers allow about 16 WebGL contexts per page; beyond this the oldest goes back to the DOM. */
const maxContexts = 8;

const inUse: Renderer[] = [];
let isUnavailable = false;

/** The WebGL renderer where there is one, else (or once its context is lost) xterm's DOM renderer. */
export class Renderer {
  private addon: WebglAddon | null = null;

  constructor(private readonly terminal: Terminal) {}

  get isAccelerated(): boolean {
    return this.addon !== null;
  }

  /** Called when the terminal becomes visible. */
  accelerate(): void {
    if (this.addon || isUnavailable) return;
    const addon = new WebglAddon();
    try {
      this.terminal.loadAddon(addon);
    } catch {
      isUnavailable = true; // No WebGL2 here; the DOM renderer is already at work.
      return;
    }
    addon.onContextLoss(() => this.release());
    this.addon = addon;
    inUse.push(this);
    if (inUse.length > maxContexts) inUse[0]?.release();
  }

  release(): void {
    const index = inUse.indexOf(this);
    if (index >= 0) inUse.splice(index, 1);
    this.addon?.dispose();
    this.addon = null;
  }
}
