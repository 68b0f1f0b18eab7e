import { useState } from 'preact/hooks';
import type { Session } from '../api/types';
import type { App } from '../state/app';
import { isOver } from '../state/model';
import { useApp, useAppState, useNow } from './app_context';
import { channelsTrouble } from './channel_format';
import {
  ageText,
  commandText,
  lastCommandFailure,
  restartCount,
  restartWait,
  sandboxName,
  sessionFolder,
  sessionStatus,
  sessionTitle,
  shortPath,
  usageText,
} from './format';
import { Icon } from './icons';

/** More sessions than this get a filter field. */
const filterFrom = 7;

function matches(session: Session, words: string): boolean {
  const text = [sessionTitle(session), session.cwd, ...session.command, session.id].join(' ');
  return words
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.toLowerCase().includes(word));
}

/** Up and Down move through the list, Escape goes back to the terminal. */
function moveInList(app: App) {
  return (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === 'Escape') {
      app.setDrawer(false);
      app.tabs.focus();
    } else if (step !== undefined) {
      const list = event.currentTarget as HTMLElement;
      const rows = [...list.querySelectorAll<HTMLElement>('.session-open')];
      rows[rows.indexOf(document.activeElement as HTMLElement) + step]?.focus();
    } else return;
    event.preventDefault();
  };
}

/** The list of sessions, live. */
export function Sidebar() {
  const app = useApp();
  const { sessions, node, active, channels } = useAppState();
  const trouble = channelsTrouble(channels);
  const [filter, setFilter] = useState('');
  const shown = (sessions ?? []).filter((session) => matches(session, filter));
  const groups = [
    { name: 'Running', list: shown.filter((session) => !isOver(session)) },
    { name: 'Ended', list: shown.filter(isOver) },
  ].filter(({ list }) => list.length > 0);
  return (
    <nav class="sidebar" aria-label="Sessions">
      <header class="brand">
        <img src="/icon.svg" alt="" width="22" height="22" />
        <span class="brand-name">Roost</span>
        {node && (
          <span class="brand-node" title="Node">
            {node}
          </span>
        )}
      </header>
      <div class="sidebar-actions">
        <button class="button primary grow" onClick={() => void app.create({})}>
          <Icon name="plus" /> New shell
        </button>
        <button
          class="button icon-only"
          title="Run a command…"
          aria-label="Run a command"
          onClick={() => app.showDialog({ kind: 'new_session' })}
        >
          <Icon name="bolt" />
        </button>
      </div>
      {(sessions?.length ?? 0) >= filterFrom && (
        <div class="filter">
          <Icon name="search" />
          <input
            type="search"
            placeholder="Filter"
            aria-label="Filter sessions"
            value={filter}
            onInput={(event) => setFilter(event.currentTarget.value)}
          />
        </div>
      )}
      <div class="session-list" onKeyDown={moveInList(app)}>
        {groups.map(({ name, list }) => (
          <section key={name}>
            <h2>
              {name} <span class="count">{list.length}</span>
            </h2>
            <ul>
              {list.map((session) => (
                <SessionRow key={session.id} session={session} isActive={session.id === active} />
              ))}
            </ul>
          </section>
        ))}
        {sessions && groups.length === 0 && (
          <p class="hint">{filter ? 'Nothing matches.' : 'Nothing is running.'}</p>
        )}
      </div>
      <footer class="sidebar-foot">
        <button
          class="button quiet"
          title="Search, history, database (Ctrl+Shift+H)"
          onClick={() => app.openArchive()}
        >
          <Icon name="archive" /> Archive
        </button>
        <button
          class="button quiet"
          title="Helper processes and their circuit breakers (Ctrl+Shift+B)"
          onClick={() => app.showDialog({ kind: 'channels' })}
        >
          <Icon name="channels" /> Channels
          {trouble && (
            <span class="badge bad channels-trouble" title={trouble.details}>
              {trouble.text}
            </span>
          )}
        </button>
        <button class="button quiet" onClick={() => app.showDialog({ kind: 'settings' })}>
          <Icon name="settings" /> Settings and keys
        </button>
      </footer>
    </nav>
  );
}

function SessionRow({ session, isActive }: { session: Session; isActive: boolean }) {
  const app = useApp();
  const isWaiting = restartWait(session, 0) !== null;
  const now = useNow(isWaiting ? 500 : 20_000);
  const wait = restartWait(session, now);
  const restarts = restartCount(session);
  const status = sessionStatus(session);
  const failure = lastCommandFailure(session);
  const cwd = shortPath(sessionFolder(session));
  const title = sessionTitle(session);
  const usage = usageText(session);
  const sandbox = sandboxName(session);
  const details = `${commandText(session.command)}\n${session.cwd}\nstarted ${session.created_at}`;
  return (
    <li class={isActive ? 'session active' : 'session'}>
      <button
        class="session-open"
        aria-current={isActive}
        title={details}
        data-session={session.id}
        onClick={() => app.tabs.show(session.id)}
      >
        <span class={`dot ${status.tone}`} aria-hidden="true" />
        <span class="session-text">
          <span class="session-head">
            <span class="session-title">{title}</span>
            {sandbox && (
              <span class="badge sandbox" title={`Runs in the sandbox profile ${sandbox}`}>
                {sandbox}
              </span>
            )}
          </span>
          <span class="session-sub">
            <span class={`session-state ${status.tone} ${wait ? 'whole' : ''}`}>{wait?.next ?? status.text}</span>
            <span class="session-cwd">
              <bdi>{cwd}</bdi>
            </span>
          </span>
          {usage && (
            <span class="session-usage" title={`CPU of one core, memory, processes: ${usage}`}>
              {usage}
            </span>
          )}
        </span>
        <span class="session-side">
          <span class="session-age">{ageText(Date.parse(session.created_at), now)}</span>
          <span class="session-marks">
            {failure && (
              <span class="badge bad" title={`The last command ended with status ${failure}`}>
                {failure}
              </span>
            )}
            {restarts && (
              <span class="restarts" title={restarts.text}>
                <Icon name="refresh" />
                {restarts.count}
              </span>
            )}
            {session.viewers > 0 && (
              <span class="viewers" title={`${session.viewers} attached`}>
                <Icon name="users" />
                {session.viewers}
              </span>
            )}
          </span>
        </span>
      </button>
      <span class="session-actions">
        {!isOver(session) && (
          <button
            class="icon-button"
            title="Open read-only"
            aria-label={`Open ${title} read-only`}
            onClick={() => app.tabs.watch(session.id)}
          >
            <Icon name="eye" />
          </button>
        )}
        {session.record !== false && (
          <button
            class="icon-button"
            title="Recording"
            aria-label={`Recording of ${title}`}
            onClick={() => app.showRecording(session.id, title, null)}
          >
            <Icon name="play" />
          </button>
        )}
        <button
          class="icon-button"
          title="Rename"
          aria-label={`Rename ${title}`}
          onClick={() => app.showDialog({ kind: 'rename', session: session.id })}
        >
          <Icon name="edit" />
        </button>
        <button
          class="icon-button danger"
          title={isOver(session) ? 'Remove' : 'End'}
          aria-label={`${isOver(session) ? 'Remove' : 'End'} ${title}`}
          onClick={() => {
            if (isOver(session)) void app.remove(session.id);
            else app.showDialog({ kind: 'kill', session: session.id });
          }}
        >
          <Icon name={isOver(session) ? 'close' : 'trash'} />
        </button>
      </span>
    </li>
  );
}
