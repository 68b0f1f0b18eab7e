import { useState } from 'preact/hooks';
import { useApp } from './app_context';

/** A token pasted with the URL around it works too. */
function tokenIn(text: string): string {
  return /[#?&]token=([^&\s]+)/.exec(text)?.[1] ?? text.trim();
}

export function Login({ error }: { error: string | null }) {
  const app = useApp();
  const [isBusy, setBusy] = useState(false);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const text = new FormData(event.currentTarget as HTMLFormElement).get('token');
    const token = tokenIn(String(text ?? ''));
    if (token === '') return;
    setBusy(true);
    await app.login(token);
    setBusy(false);
  };
  return (
    <main class="login">
      <form class="card login-card" onSubmit={submit}>
        <img src="/icon.svg" alt="" width="44" height="44" />
        <h1>Sign in to Roost</h1>
        <p>
          Open the link that <code>roost url</code> prints, or paste it (or just its token) here.
        </p>
        <label for="token">Token</label>
        <input
          id="token"
          name="token"
          type="password"
          autocomplete="current-password"
          spellcheck={false}
          autofocus
          aria-invalid={error !== null}
          aria-describedby="login-error"
        />
        <p class="form-error" id="login-error" role="alert">
          {error}
        </p>
        <button class="button primary" disabled={isBusy}>
          {isBusy ? 'Signing in…' : 'Sign in'}
        </button>
      </form>
    </main>
  );
}
