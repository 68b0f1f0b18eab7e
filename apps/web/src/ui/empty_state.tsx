import { useApp, useAppState } from './app_context';
import { Icon } from './icons';

export function EmptyState() {
  const app = useApp();
  const { sessions } = useAppState();
  const count = sessions?.length ?? 0;
  return (
    <div class="empty">
      <div class="empty-mark">
        <Icon name="terminal" />
      </div>
      <h2>{count === 0 ? 'No sessions yet' : 'No session open'}</h2>
      <p>
        {count === 0
          ? 'A session keeps running when you close this page. Come back to it from anywhere.'
          : 'Choose one from the list, or start another.'}
      </p>
      <div class="empty-actions">
        <button class="button primary" onClick={() => void app.create({})}>
          Start a shell
        </button>
        <button class="button" onClick={() => app.showDialog({ kind: 'new_session' })}>
          Run a command…
        </button>
      </div>
      <p class="hint">
        On the command line: <code>roost new -- make</code>
      </p>
    </div>
  );
}
