import type { StreamView } from '../session/session_stream';
import { useApp, useAppState, useNow } from './app_context';
import { bytesText, linkText, restartWait, sessionFolder, shortPath } from './format';
import { Icon } from './icons';

/** Lag below this is ordinary and not worth a word. */
const lagShownBytes = 64 * 1024;

export function StatusBar() {
  const app = useApp();
  const { link, active, streams, notice, hoveredLink } = useAppState();
  const view = active === null ? undefined : streams[active];
  const session = app.sessions.find(active);
  const isWaiting = session !== undefined && restartWait(session, 0) !== null;
  const now = useNow(500, link.kind === 'waiting' || isWaiting);
  const connection = linkText(link, now);
  const wait = session ? restartWait(session, now) : null;
  // With a reason, and when it has stopped, there is a banner, which has a button of its own.
  const isDown = (link.kind === 'waiting' && link.reason === null) || link.kind === 'offline';
  return (
    <footer class="status-bar" role="status">
      <span class={`status-item connection ${connection.tone}`} data-link={link.kind}>
        <span class={`dot ${connection.tone}`} aria-hidden="true" />
        {connection.text}
      </span>
      {isDown && (
        <button class="button tiny" onClick={() => app.reconnect()}>
          Retry now
        </button>
      )}
      {session && (
        <span class="status-item cwd" title={sessionFolder(session)}>
          {shortPath(sessionFolder(session))}
        </span>
      )}
      <span class="status-item notice-slot">
        {hoveredLink ? (
          <span class="status-link">{hoveredLink}</span>
        ) : (
          notice && notice.session === active && <span class={`notice ${notice.tone}`}>{notice.text}</span>
        )}
      </span>
      {wait && (
        <span class="status-item warn between" title="The session waits for its next program">
          {wait.ended && `${wait.ended}: `}
          {wait.next}
        </span>
      )}
      {view && active !== null && <StreamStatus id={active} view={view} viewers={session?.viewers} />}
    </footer>
  );
}

function phaseText(view: StreamView): string | null {
  switch (view.phase) {
    case 'attaching':
      return 'Attaching…';
    case 'replaying':
      return 'Catching up…';
    case 'exited':
      return 'Ended';
    default:
      return null;
  }
}

function StreamStatus({ id, view, viewers }: { id: string; view: StreamView; viewers?: number | undefined }) {
  const app = useApp();
  const phase = phaseText(view);
  const isAttached = view.phase === 'live' || view.phase === 'replaying';
  const isViewing = view.mode === 'view';
  const others = Math.max(0, (viewers ?? 1) - 1);
  return (
    <>
      {view.lagBytes >= lagShownBytes && (
        <span class="status-item warn" title="Output that this page has not received yet">
          {bytesText(view.lagBytes)} behind
        </span>
      )}
      {phase && <span class="status-item muted">{phase}</span>}
      {others > 0 && (
        <span class="status-item muted wide-only" title={`${others} more attached`}>
          <Icon name="users" /> +{others}
        </span>
      )}
      {isAttached && (
        <>
          <span class="status-item role" data-role={isViewing ? 'viewer' : view.isHolder ? 'holder' : 'shared'}>
            <Icon name={isViewing ? 'eye' : 'keyboard'} />
            {isViewing ? 'Read-only' : view.isHolder ? 'In control' : 'Held elsewhere'}
          </span>
          {view.isHolder && !isViewing ? (
            <button
              class="button tiny wide-only"
              title="Watch without typing"
              onClick={() => app.tabs.setMode(id, 'view')}
            >
              Only watch
            </button>
          ) : (
            <button
              class="button tiny accent"
              title="Type here and give the session this page's size"
              onClick={() => app.tabs.takeControl(id)}
            >
              Take over
            </button>
          )}
        </>
      )}
      <span class="status-item size" title="Columns × rows of the session">
        {view.size.cols}×{view.size.rows}
      </span>
      <button
        class="icon-button"
        title="Draw the screen anew"
        aria-label="Draw the screen anew"
        onClick={() => app.tabs.refresh(id)}
      >
        <Icon name="refresh" />
      </button>
    </>
  );
}
