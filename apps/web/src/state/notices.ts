import type { AppState } from './model';
import type { Store } from './store';

const noticeMs = 4000;
const toastMs = 6000;
const maxToasts = 4;

/** Things said for a moment: in the status bar of a session, or in a corner of the page. */
export class Notices {
  private lastToast = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly store: Store<AppState>) {}

  say(session: string, text: string, tone: 'info' | 'warning'): void {
    clearTimeout(this.timer);
    this.store.set({ notice: { session, text, tone } });
    this.timer = setTimeout(() => this.store.set({ notice: null }), noticeMs);
  }

  toast(text: string, tone: 'info' | 'error'): void {
    const id = ++this.lastToast;
    const older = this.store.get().toasts.slice(1 - maxToasts);
    this.store.set({ toasts: [...older, { id, text, tone }] });
    setTimeout(() => this.dismiss(id), toastMs);
  }

  dismiss(id: number): void {
    this.store.set({ toasts: this.store.get().toasts.filter((toast) => toast.id !== id) });
  }
}
