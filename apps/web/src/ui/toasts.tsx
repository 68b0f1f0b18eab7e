import { useApp, useAppState } from './app_context';

export function Toasts() {
  const app = useApp();
  const { toasts } = useAppState();
  return (
    <div class="toasts" aria-live="assertive">
      {toasts.map(({ id, text, tone }) => (
        <button key={id} class={`toast ${tone}`} onClick={() => app.notices.dismiss(id)}>
          {text}
        </button>
      ))}
    </div>
  );
}
