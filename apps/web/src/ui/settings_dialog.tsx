import { fontSizeMax, fontSizeMin, type Settings } from '../state/settings';
import { useApp, useAppState } from './app_context';
import { Modal } from './dialog';
import { browserShortcuts, shortcuts } from './shortcuts';

const switches: { key: 'copyOnSelect' | 'warnOnPaste' | 'shiftEnter' | 'screenReader'; text: string }[] = [
  { key: 'copyOnSelect', text: 'Copy what is selected at once' },
  { key: 'warnOnPaste', text: 'Ask before several lines are pasted' },
  { key: 'shiftEnter', text: 'Shift+Enter sends Esc Enter (a new line in many programs)' },
  { key: 'screenReader', text: 'Screen reader support' },
];

const themes: { value: Settings['theme']; text: string }[] = [
  { value: 'system', text: 'System' },
  { value: 'dark', text: 'Dark' },
  { value: 'light', text: 'Light' },
];

export function SettingsDialog() {
  const app = useApp();
  const { settings, version, node } = useAppState();
  return (
    <Modal title="Settings and keys">
      <div class="settings">
        <fieldset class="segments">
          <legend>Theme</legend>
          {themes.map(({ value, text }) => (
            <label key={value} class={settings.theme === value ? 'segment on' : 'segment'}>
              <input
                type="radio"
                name="theme"
                checked={settings.theme === value}
                onChange={() => app.changeSettings({ theme: value })}
              />
              {text}
            </label>
          ))}
        </fieldset>
        <label class="range">
          <span>Font size</span>
          <input
            type="range"
            min={fontSizeMin}
            max={fontSizeMax}
            value={settings.fontSize}
            onInput={(event) => app.changeSettings({ fontSize: Number(event.currentTarget.value) })}
          />
          <output>{settings.fontSize}</output>
        </label>
        {switches.map(({ key, text }) => (
          <label key={key} class="check">
            <input
              type="checkbox"
              checked={settings[key]}
              onChange={(event) => app.changeSettings({ [key]: event.currentTarget.checked })}
            />{' '}
            {text}
          </label>
        ))}
        <h3>Keys</h3>
        <dl class="keys">
          {[...shortcuts, ...browserShortcuts].map(({ keys, text }) => (
            <div key={keys}>
              <dt>
                {keys.split('+').map((part) => (
                  <kbd key={part}>{part}</kbd>
                ))}
              </dt>
              <dd>{text}</dd>
            </div>
          ))}
        </dl>
        <p class="hint">
          {node ? `Node ${node}` : ''} {version ? `· Roost ${version}` : ''}
        </p>
      </div>
      <div class="modal-buttons">
        <button class="button primary" onClick={() => app.showDialog(null)}>
          Done
        </button>
      </div>
    </Modal>
  );
}
