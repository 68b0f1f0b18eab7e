import { useEffect } from 'preact/hooks';
import { findSession, type AppState } from '../state/model';
import { useApp, useAppState } from './app_context';
import { Banners } from './banners';
import { Dialogs } from './dialogs';
import { EmptyState } from './empty_state';
import { sessionTitle } from './format';
import { KeyBar } from './key_bar';
import { Login } from './login';
import { SearchBar } from './search_bar';
import { Sidebar } from './sidebar';
import { StatusBar } from './status_bar';
import { TabBar } from './tab_bar';
import { TerminalPane } from './terminal_pane';
import { Toasts } from './toasts';

/** The page: sign-in, or list, tabs, terminal and status bar. */
export function Shell() {
  const app = useApp();
  const state = useAppState();
  usePageTitle(state);
  if (state.auth === 'checking') {
    return (
      <div class="splash" role="status" aria-label="Loading">
        {state.trouble && <Banners />}
      </div>
    );
  }
  if (state.auth === 'signed_out') return <Login error={state.loginError} />;
  const classes = ['shell'];
  if (state.settings.sidebar) classes.push('with-sidebar');
  if (state.isDrawerOpen) classes.push('drawer-open');
  return (
    <div class={classes.join(' ')}>
      <Sidebar />
      <div class="drawer-shade" onClick={() => app.setDrawer(false)} />
      <main class="main">
        <TabBar />
        <div class="stage">
          {state.active === null && <EmptyState />}
          {state.tabs.map((id) => (
            <TerminalPane key={id} id={id} isActive={id === state.active} />
          ))}
          <div class="overlay">
            <Banners />
            {state.search && <SearchBar result={state.search} />}
          </div>
        </div>
        <KeyBar />
        <StatusBar />
      </main>
      <Dialogs />
      <Toasts />
    </div>
  );
}

function usePageTitle(state: AppState): void {
  const session = findSession(state, state.active);
  const title = session ? `${sessionTitle(session)} · Roost` : 'Roost';
  useEffect(() => {
    document.title = title;
  }, [title]);
}
