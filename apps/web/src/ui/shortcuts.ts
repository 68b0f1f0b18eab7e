import type { App } from '../state/app';

interface Shortcut {
  /** As shown to the user. */
  keys: string;
  text: string;
  /** `KeyboardEvent.code` with Ctrl+Shift (on a Mac also Cmd+Shift). */
  code: string;
  run(app: App): void;
}

/**
 * Keys that the page takes before the terminal sees them. All of them have Ctrl+Shift, which
 * terminals cannot tell from Ctrl, so no program misses them.
 */
export const shortcuts: readonly Shortcut[] = [
  { keys: 'Ctrl+Shift+Enter', text: 'New shell', code: 'Enter', run: (app) => void app.create({}) },
  { keys: 'Ctrl+Shift+F', text: 'Search in the terminal', code: 'KeyF', run: (app) => app.openSearch() },
  { keys: 'Ctrl+Shift+H', text: 'Archive: search, history, database', code: 'KeyH', run: (app) => app.openArchive() },
  { keys: 'Ctrl+Shift+B', text: 'Channels and their breakers', code: 'KeyB', run: (app) => app.showDialog({ kind: 'channels' }) },
  { keys: 'Ctrl+Shift+C', text: 'Copy the selection', code: 'KeyC', run: (app) => void app.clipboard.copy(app.tabs.front?.selection ?? '') },
  { keys: 'Ctrl+Shift+E', text: 'Go to the list of sessions', code: 'KeyE', run: focusList },
  { keys: 'Ctrl+Shift+[', text: 'Previous tab', code: 'BracketLeft', run: (app) => app.tabs.cycle(-1) },
  { keys: 'Ctrl+Shift+]', text: 'Next tab', code: 'BracketRight', run: (app) => app.tabs.cycle(1) },
  { keys: 'Ctrl+Shift+=', text: 'Larger text', code: 'Equal', run: (app) => app.zoom(1) },
  { keys: 'Ctrl+Shift+-', text: 'Smaller text', code: 'Minus', run: (app) => app.zoom(-1) },
];

/** Ctrl+Shift+V is the browser's own: it arrives as a paste. */
export const browserShortcuts = [{ keys: 'Ctrl+Shift+V', text: 'Paste' }];

export function listenForShortcuts(app: App): void {
  document.addEventListener(
    'keydown',
    (event) => {
      if (!(event.ctrlKey || event.metaKey) || !event.shiftKey || event.altKey) return;
      const { auth, dialog } = app.store.get();
      const shortcut = shortcuts.find(({ code }) => code === event.code);
      if (!shortcut || auth !== 'signed_in' || dialog !== null) return;
      event.preventDefault();
      event.stopPropagation();
      shortcut.run(app);
    },
    { capture: true },
  );
}

function focusList(app: App): void {
  app.changeSettings({ sidebar: true });
  app.setDrawer(true);
  requestAnimationFrame(() => {
    const current = document.querySelector<HTMLElement>('.session-open[aria-current="true"]');
    (current ?? document.querySelector<HTMLElement>('.session-open'))?.focus();
  });
}
