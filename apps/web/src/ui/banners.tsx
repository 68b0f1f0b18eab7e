import { useApp, useAppState, useNow } from './app_context';
import { Icon } from './icons';
import { sessionTitle } from './format';

/** What the user must know now, above the terminal. */
export function Banners() {
  const app = useApp();
  const { link, idleUntil, pressure, isDraining, clipboardRequest } = useAppState();
  const now = useNow(1000, idleUntil !== null);
  const idleSeconds = idleUntil === null ? 0 : Math.max(0, Math.ceil((idleUntil - now) / 1000));
  const answer = (choice: 'once' | 'always' | 'never' | 'not_now') => {
    app.clipboard.answer(choice);
    app.tabs.focus();
  };
  const asking = clipboardRequest ? app.sessions.find(clipboardRequest.session) : undefined;
  return (
    <div class="banners" aria-live="polite">
      {link.kind === 'stopped' && (
        <div class="banner bad">
          <span class="grow">{link.rule.text}</span>
          <button class="button small" onClick={() => app.reconnect()}>
            Reconnect
          </button>
        </div>
      )}
      {isDraining && link.kind !== 'stopped' && (
        <div class="banner warn">
          <span class="grow">
            The server is restarting. This page comes back by itself.
          </span>
        </div>
      )}
      {idleUntil !== null && (
        <div class="banner warn">
          <span class="grow">
            Nobody has typed here for a while: disconnecting in {idleSeconds} s. The terminals live on.
          </span>
          <button class="button small" onClick={() => app.stayConnected()}>
            Stay connected
          </button>
        </div>
      )}
      {pressure > 0 && (
        <div class="banner warn">
          <span class="grow">
            {pressure === 2
              ? 'The server is full: new connections are refused.'
              : 'The server is nearly full.'}
          </span>
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
    </div>
  );
}
