import { useState } from 'preact/hooks';
import { restartPolicies, type NewSession } from '../api/types';
import { useApp, useAppState } from './app_context';
import { ArchiveDialog } from './archive_dialog';
import { ChannelsDialog } from './channels_dialog';
import { Modal } from './dialog';
import { commandText, sessionTitle, splitCommand } from './format';
import { RecordingDialog } from './recording_dialog';
import { RestartChoice } from './restart_choice';
import { SandboxChoice } from './sandbox_choice';
import { SettingsDialog } from './settings_dialog';

export function Dialogs() {
  const { dialog } = useAppState();
  switch (dialog?.kind) {
    case undefined:
      return null;
    case 'new_session':
      return <NewSessionDialog />;
    case 'rename':
      return <RenameDialog id={dialog.session} />;
    case 'kill':
      return <KillDialog id={dialog.session} />;
    case 'paste':
      return <PasteDialog id={dialog.session} text={dialog.text} lines={dialog.lines} />;
    case 'archive':
      return <ArchiveDialog />;
    case 'channels':
      return <ChannelsDialog />;
    case 'recording':
      return <RecordingDialog {...dialog} />;
    case 'settings':
      return <SettingsDialog />;
  }
}

/** Runs an action of a form; its error stays in the form, its success closes the dialog. */
function useSubmit(action: (form: FormData) => Promise<string | null>) {
  const app = useApp();
  const [error, setError] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  const onSubmit = async (event: SubmitEvent) => {
    event.preventDefault();
    setBusy(true);
    const result = await action(new FormData(event.currentTarget as HTMLFormElement));
    setBusy(false);
    if (result === null) app.showDialog(null);
    else setError(result);
  };
  return { onSubmit, error, isBusy };
}

function Buttons(props: { confirm: string; isBusy: boolean; tone?: string }) {
  const app = useApp();
  return (
    <div class="modal-buttons">
      <button type="button" class="button" onClick={() => app.showDialog(null)}>
        Cancel
      </button>
      <button class={`button ${props.tone ?? 'primary'}`} disabled={props.isBusy}>
        {props.confirm}
      </button>
    </div>
  );
}

function NewSessionDialog() {
  const app = useApp();
  const { onSubmit, error, isBusy } = useSubmit(async (form) => {
    const command = splitCommand(String(form.get('command') ?? ''));
    if (typeof command === 'string') return command;
    const wish: NewSession = {};
    const cwd = String(form.get('cwd') ?? '').trim();
    const title = String(form.get('title') ?? '').trim();
    if (command.length > 0) wish.command = command;
    if (cwd !== '') wish.cwd = cwd;
    const sandbox = form.get('sandbox');
    if (sandbox !== null) wish.sandbox = String(sandbox);
    const restart = restartPolicies.find((policy) => policy === form.get('restart'));
    if (restart && restart !== 'never') wish.restart = restart;
    if (title !== '') wish.title = title;
    return app.create(wish);
  });
  return (
    <Modal title="New session">
      <form onSubmit={onSubmit}>
        <label for="new-command">Command</label>
        <input id="new-command" name="command" class="mono" placeholder="your shell" spellcheck={false} autofocus />
        <label for="new-cwd">Directory</label>
        <input id="new-cwd" name="cwd" class="mono" placeholder="home" spellcheck={false} />
        <SandboxChoice />
        <RestartChoice />
        <label for="new-title">Title</label>
        <input id="new-title" name="title" placeholder="the program's own" />
        <p class="form-error" role="alert">
          {error}
        </p>
        <Buttons confirm={isBusy ? 'Starting…' : 'Start'} isBusy={isBusy} />
      </form>
    </Modal>
  );
}

function RenameDialog({ id }: { id: string }) {
  const app = useApp();
  const session = app.sessions.find(id);
  const { onSubmit, error, isBusy } = useSubmit((form) => app.sessions.rename(id, String(form.get('title') ?? '').trim()));
  return (
    <Modal title="Rename session">
      <form onSubmit={onSubmit}>
        <label for="rename-title">Title</label>
        <input
          id="rename-title"
          name="title"
          autofocus
          value={session ? sessionTitle(session) : ''}
          onFocus={(event) => event.currentTarget.select()}
        />
        <p class="form-error" role="alert">
          {error}
        </p>
        <Buttons confirm="Rename" isBusy={isBusy} />
      </form>
    </Modal>
  );
}

function KillDialog({ id }: { id: string }) {
  const app = useApp();
  const session = app.sessions.find(id);
  const { onSubmit, error, isBusy } = useSubmit((form) =>
    app.sessions.kill(id, form.get('now') === 'on' ? 'now' : 'politely'),
  );
  const running = session?.shell?.running;
  return (
    <Modal title={`End “${session ? sessionTitle(session) : id}”?`}>
      <form onSubmit={onSubmit}>
        <p>
          This ends <code>{session ? commandText(session.command) : 'the program'}</code>
          {running ? (
            <>
              , which is running <code>{running}</code>
            </>
          ) : null}
          . It is asked to stop first, then stopped.
        </p>
        <label class="check">
          <input type="checkbox" name="now" /> Do not ask, stop it at once
        </label>
        <p class="form-error" role="alert">
          {error}
        </p>
        <Buttons confirm="End session" isBusy={isBusy} tone="danger" />
      </form>
    </Modal>
  );
}

function PasteDialog({ id, text, lines }: { id: string; text: string; lines: number }) {
  const app = useApp();
  const onSubmit = (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    if (form.get('quiet') === 'on') app.changeSettings({ warnOnPaste: false });
    app.clipboard.confirmPaste(id, text);
  };
  return (
    <Modal title={`Paste ${lines} lines?`}>
      <form onSubmit={onSubmit}>
        <p>A shell may run each line at once.</p>
        <pre class="preview">{text.length > 2000 ? `${text.slice(0, 2000)}…` : text}</pre>
        <label class="check">
          <input type="checkbox" name="quiet" /> Do not ask again
        </label>
        <div class="modal-buttons">
          <button type="button" class="button" onClick={() => app.showDialog(null)}>
            Cancel
          </button>
          <button class="button primary" autofocus>
            Paste
          </button>
        </div>
      </form>
    </Modal>
  );
}
