import { useApp, useAppState } from './app_context';

/** Keys that an on-screen keyboard lacks; shown on touch screens only. */
const keys = [
  { name: 'Esc', label: 'Esc' },
  { name: 'Tab', label: 'Tab' },
  { name: 'ctrl', label: 'Ctrl' },
  { name: 'alt', label: 'Alt' },
  { name: 'Left', label: '←' },
  { name: 'Down', label: '↓' },
  { name: 'Up', label: '↑' },
  { name: 'Right', label: '→' },
  { name: '|', label: '|' },
  { name: '/', label: '/' },
  { name: '~', label: '~' },
  { name: '-', label: '-' },
  { name: 'paste', label: 'Paste' },
] as const;

export function KeyBar() {
  const app = useApp();
  const { active, latched, streams } = useAppState();
  if (active === null || !app.isTouch() || streams[active]?.mode === 'view') return null;
  const press = (name: string) => {
    if (name === 'ctrl' || name === 'alt') app.toggleModifier(name);
    else if (name === 'paste') void app.clipboard.pasteFromClipboard();
    else app.pressKey(name);
  };
  return (
    <div class="key-bar" role="toolbar" aria-label="Terminal keys">
      {keys.map(({ name, label }) => {
        const isLatched = (name === 'ctrl' || name === 'alt') && latched[name];
        return (
          <button
            key={name}
            class={isLatched ? 'key latched' : 'key'}
            aria-pressed={name === 'ctrl' || name === 'alt' ? isLatched : undefined}
            // Keeps the focus, and with it the keyboard, in the terminal.
            onPointerDown={(event) => event.preventDefault()}
            onClick={() => press(name)}
          >
            {label}
          </button>
        );
      })}
    </div>
  );
}
