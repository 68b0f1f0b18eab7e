import { useEffect, useState } from 'preact/hooks';
import { useApp, useAppState, useNow } from './app_context';
import { Icon } from './icons';
import { databaseText, pressureText, retryText, sessionTitle, stoppedText } from './format';

/** The server ends an idle connection at its time, so a page that is up longer has been taken for active. */
const idleGraceMs = 2_000;

/**
 * What the user must know now. It lies over the terminal and never changes its size: that would reach
 * the program and every other viewer, and look like activity of a person.
 */
export function Banners() {
  const app = useApp();
  const { link, idleUntil, pressure, database, isDraining, clipboardRequest, trouble, sessions } =
    useAppState();
  const refusal = 'reason' in link && link.kind !== 'stopped' ? link.reason : null;
  const now = useNow(500, idleUntil !== null || refusal !== null || trouble !== null);
  const isIdle = idleUntil !== null && now < idleUntil + idleGraceMs;
  const idleSeconds = isIdle ? Math.max(0, Math.ceil((idleUntil - now) / 1000)) : 0;
  const [hiddenPressure, hidePressure] = useState(0);
  const [hiddenDatabase, hideDatabase] = useState('');
  useEffect(() => {
    if (!database) hideDatabase('');
  }, [database]);
  useEffect(() => {
    if (!pressure) hidePressure(0);
  }, [pressure]);
  // A button that is gone keeps no focus, and what is typed next is meant for the terminal.
  const thenType = (action: () => void) => () => {
    action();
    if (!app.isTouch()) app.tabs.focus();
  };
  const answer = (choice: 'once' | 'always' | 'never' | 'not_now') => {
    app.clipboard.answer(choice);
    app.tabs.focus();
  };
  const asking = clipboardRequest ? app.sessions.find(clipboardRequest.session) : undefined;
  return (
    <div class="banners" aria-live="polite">
      {link.kind === 'stopped' && (
        <div class="banner bad">
          <span class="grow">{stoppedText(link)}</span>
          <button class="button small" onClick={thenType(() => app.reconnect())}>
            Reconnect
          </button>
        </div>
      )}
      {refusal !== null && (
        <RetryBanner
          text={refusal}
          retry={retryText(link.kind === 'waiting' ? link.retryAt : now, now)}
          onTry={thenType(() => app.reconnect())}
        />
      )}
      {trouble && (
        <RetryBanner
          text={sessions ? `The list of sessions may be old. ${trouble.text}` : trouble.text}
          retry={retryText(trouble.retryAt, now)}
          onTry={thenType(() => app.tryNow())}
        />
      )}
      {isDraining && refusal === null && link.kind !== 'stopped' && (
        <div class="banner warn">
          <span class="grow">
            The server is restarting. This page comes back by itself.
          </span>
        </div>
      )}
      {isIdle && (
        <div class="banner warn">
          <span class="grow">
            Nobody has typed here for a while: disconnecting in {idleSeconds} s. The terminals live on.
          </span>
          <button class="button small" onClick={thenType(() => app.stayConnected())}>
            Stay connected
          </button>
        </div>
      )}
      {clipboardRequest && (
        <div class="banner info">
          <span class="grow">
            <strong>{asking ? sessionTitle(asking) : 'A program'}</strong> wants to copy{' '}
            {clipboardRequest.text.length} characters to your clipboard:{' '}
            <code class="snippet">{clipboardRequest.text.slice(0, 80)}</code>
          </span>
          <button class="button small" onClick={() => answer('once')}>
            Once
          </button>
          <button class="button small" onClick={() => answer('always')}>
            Always for this session
          </button>
          <button class="button small" onClick={() => answer('never')}>
            Never
          </button>
          <button
            class="icon-button"
            aria-label="Not now"
            onClick={() => answer('not_now')}
          >
            <Icon name="close" />
          </button>
        </div>
      )}
      {database && database.state !== hiddenDatabase && (
        <Aside text={databaseText(database)} onHide={thenType(() => hideDatabase(database.state))} />
      )}
      {pressure && pressure.level !== hiddenPressure && (
        <Aside text={pressureText(pressure)} onHide={thenType(() => hidePressure(pressure.level))} />
      )}
    </div>
  );
}

/** Something to know that needs no answer. */
function Aside({ text, onHide }: { text: string; onHide: () => void }) {
  return (
    <div class="banner warn aside">
      <span class="grow">{text}</span>
      <button class="icon-button" aria-label="Hide" onClick={onHide}>
        <Icon name="close" />
      </button>
    </div>
  );
}

/** Why something waits, for how long, and a way not to wait. */
function RetryBanner({ text, retry, onTry }: { text: string; retry: string; onTry: () => void }) {
  return (
    <div class="banner warn">
      <span class="grow">
        {text} {/* Read out once, not with every second. */}
        <span class="countdown" aria-live="off">
          {retry}
        </span>
      </span>
      <button class="button small" onClick={onTry}>
        Try now
      </button>
    </div>
  );
}
