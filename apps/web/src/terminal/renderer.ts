import { WebglAddon } from '@xterm/addon-webgl';
import type { Terminal } from '@xterm/xterm';

/** Browsers allow about 16 WebGL contexts per page; beyond this the oldest goes back to the DOM. */
const maxContexts = 8;

/** The canvas gets its final size from an observer, some frames after it was made. */
const checkAfterMs = 300;

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
    setTimeout(() => this.releaseIfCropped(), checkAfterMs);
  }

  /** A canvas with fewer pixels than the screen shows a part of it only (seen in emulated devices). */
  private releaseIfCropped(): void {
    const canvas = this.terminal.element?.querySelector<HTMLCanvasElement>(
      '.xterm-screen > canvas:not(.xterm-link-layer)',
    );
    if (!this.addon || !canvas || canvas.clientWidth === 0) return;
    const scale = canvas.width / (canvas.clientWidth * devicePixelRatio);
    if (scale >= 0.95) return;
    isUnavailable = true;
    this.release();
  }

  release(): void {
    const index = inUse.indexOf(this);
    if (index >= 0) inUse.splice(index, 1);
    this.addon?.dispose();
    this.addon = null;
  }
}
