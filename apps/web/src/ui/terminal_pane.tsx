import { useEffect, useRef } from 'preact/hooks';
import type { StreamView } from '../session/session_stream';
import { useApp, useAppState } from './app_context';
import { endReason, exitText, sameAgain, sessionTitle } from './format';

/** Alone they mean nothing, and arrive when somebody only changes to another window. */
const modifierKeys = new Set(['Shift', 'Control', 'Alt', 'AltGraph', 'Meta', 'CapsLock', 'NumLock']);

/** The place of one terminal. It stays in the page while its tab is open, so nothing is lost. */
export function TerminalPane({ id, isActive }: { id: string; isActive: boolean }) {
  const app = useApp();
  const { streams } = useAppState();
  const host = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (isActive && host.current) app.tabs.mount(id, host.current, { focus: !app.isTouch() });
  }, [isActive, id, app]);
  const view = streams[id];
  const onKeyDown = (event: KeyboardEvent) => {
    const isText = event.key.length === 1 || event.key === 'Enter';
    if (view?.mode === 'view' && isText && !event.ctrlKey && !event.metaKey) app.tabs.onKeyInReadOnly(id);
  };
  // In the capture phase, since the terminal keeps the keys that it takes to itself.
  const onAnyKey = (event: KeyboardEvent) => {
    if (!modifierKeys.has(event.key)) app.wake();
  };
  return (
    <div
      class={isActive ? 'pane' : 'pane hidden'}
      role="tabpanel"
      onKeyDown={onKeyDown}
      onKeyDownCapture={onAnyKey}
      onClickCapture={() => app.wake()}
    >
      <div class={`terminal-host ${view?.phase ?? ''}`} ref={host} data-session={id} />
      {view && <PaneNotice id={id} view={view} />}
    </div>
  );
}

/** What stands at the lower edge of a terminal that is no longer live. */
function PaneNotice({ id, view }: { id: string; view: StreamView }) {
  const app = useApp();
  const session = app.sessions.find(id);
  if (view.phase === 'exited' && view.exit) {
    const isGood = view.exit.status === 0;
    const reason = session && endReason(session);
    return (
      <div class={isGood ? 'pane-notice good' : 'pane-notice bad'} role="status">
        <span class={isGood ? 'dot good' : 'dot bad'} aria-hidden="true" />
        <span>
          The program has ended: <strong>{exitText(view.exit)}</strong>
          {reason && ` (${reason})`}
        </span>
        <span class="grow" />
        {session && session.record !== false && (
          <button class="button small" onClick={() => app.showRecording(id, sessionTitle(session), null)}>
            Recording
          </button>
        )}
        {session && (
          <button
            class="button small"
            onClick={() => void app.create(sameAgain(session))}
          >
            Run again
          </button>
        )}
        <button class="button small" onClick={() => app.tabs.close(id)}>
          Close tab
        </button>
      </div>
    );
  }
  if (view.phase === 'failed') {
    return (
      <div class="pane-notice bad" role="alert">
        <span class="dot bad" aria-hidden="true" />
        <span>{view.error?.message ?? 'This session cannot be shown.'}</span>
        <span class="grow" />
        <button class="button small" onClick={() => app.tabs.retry(id)}>
          Try again
        </button>
        <button class="button small" onClick={() => app.tabs.close(id)}>
          Close tab
        </button>
      </div>
    );
  }
  return null;
}
