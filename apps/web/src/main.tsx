import '@xterm/xterm/css/xterm.css';
import './ui/style/index.css';
import { render } from 'preact';
import { App } from './state/app';
import type { Tabs } from './state/tabs';
import { AppContext } from './ui/app_context';
import { Shell } from './ui/shell';
import { listenForShortcuts } from './ui/shortcuts';
import { followVisualViewport } from './ui/visual_viewport';

declare global {
  interface Window {
    /** For end-to-end tests and bug reports; the page itself does not use it. */
    roost?: Pick<Tabs, 'inspect' | 'styledRow'>;
  }
}

const app = new App();
window.roost = {
  inspect: (id) => app.tabs.inspect(id),
  styledRow: (id, row) => app.tabs.styledRow(id, row),
};
followVisualViewport();
listenForShortcuts(app);
render(
  <AppContext.Provider value={app}>
    <Shell />
  </AppContext.Provider>,
  document.getElementById('app') as HTMLElement,
);
void app.start();
