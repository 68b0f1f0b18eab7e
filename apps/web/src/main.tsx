import '@xterm/xterm/css/xterm.css';
import './ui/style.css';
import { render } from 'preact';
import { App } from './state/app';
import { AppContext } from './ui/app_context';
import { Shell } from './ui/shell';
import { listenForShortcuts } from './ui/shortcuts';
import { followVisualViewport } from './ui/visual_viewport';

declare global {
  interface Window {
    /** For end-to-end tests and bug reports; the page itself does not use it. */
    roost?: { text(id: string): string | null; inspect(id: string): object | null };
  }
}

const app = new App();
window.roost = { text: (id) => app.textOf(id), inspect: (id) => app.inspect(id) };
followVisualViewport();
listenForShortcuts(app);
render(
  <AppContext.Provider value={app}>
    <Shell />
  </AppContext.Provider>,
  document.getElementById('app') as HTMLElement,
);
void app.start();
