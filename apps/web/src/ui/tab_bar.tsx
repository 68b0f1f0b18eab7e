import { useApp, useAppState } from './app_context';
import { channelsTrouble } from './channel_format';
import { sessionStatus, sessionTitle } from './format';
import { Icon } from './icons';

export function TabBar() {
  const app = useApp();
  const state = useAppState();
  const { tabs, active, settings, streams, channels } = state;
  const trouble = channelsTrouble(channels);
  const toggleSidebar = () => {
    // One button for both: a drawer on narrow screens, a column on wide ones.
    if (matchMedia('(max-width: 720px)').matches) app.setDrawer(!state.isDrawerOpen);
    else app.changeSettings({ sidebar: !settings.sidebar });
  };
  return (
    <header class="tab-bar">
      <button
        class="icon-button large"
        title="Show or hide the list of sessions"
        aria-label={`Show or hide the list of sessions${trouble ? `; channels: ${trouble.text}` : ''}`}
        onClick={toggleSidebar}
      >
        <Icon name="sidebar" />
        {trouble && <span class="dot bad trouble-dot" title={`Channels: ${trouble.text}`} />}
      </button>
      <div class="tabs" role="tablist" aria-label="Open sessions">
        {tabs.map((id) => {
          const session = app.sessions.find(id);
          const title = session ? sessionTitle(session) : 'session';
          const tone = session ? sessionStatus(session).tone : 'muted';
          return (
            <div key={id} class={id === active ? 'tab active' : 'tab'}>
              <button
                role="tab"
                class="tab-open"
                aria-selected={id === active}
                title={title}
                onClick={() => app.tabs.show(id)}
                onDblClick={() => app.showDialog({ kind: 'rename', session: id })}
                onAuxClick={(event) => {
                  if (event.button === 1) app.tabs.close(id);
                }}
              >
                <span class={`dot ${tone}`} aria-hidden="true" />
                <span class="tab-title">{title}</span>
                {streams[id]?.mode === 'view' && (
                  <span class="tab-mark" title="Read-only">
                    <Icon name="eye" />
                  </span>
                )}
              </button>
              <button
                class="icon-button tab-close"
                title="Close the tab; the session keeps running"
                aria-label={`Close the tab ${title}`}
                onClick={() => app.tabs.close(id)}
              >
                <Icon name="close" />
              </button>
            </div>
          );
        })}
        <button
          class="icon-button large"
          title="New shell (Ctrl+Shift+Enter)"
          aria-label="New shell"
          onClick={() => void app.create({})}
        >
          <Icon name="plus" />
        </button>
      </div>
      {active !== null && (
        <button
          class="icon-button large"
          title="Search (Ctrl+Shift+F)"
          aria-label="Search in the terminal"
          onClick={() => app.openSearch()}
        >
          <Icon name="search" />
        </button>
      )}
    </header>
  );
}
