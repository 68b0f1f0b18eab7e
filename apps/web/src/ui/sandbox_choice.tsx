import { useEffect, useState } from 'preact/hooks';
import type { SandboxProfile } from '../api/types';
import { useApp } from './app_context';
import { sandboxNote } from './format';

/**
 * The field `sandbox` of a form: the server's profiles, its default chosen. Nothing while they are not
 * known; then the server takes its default.
 */
export function SandboxChoice() {
  const app = useApp();
  const [profiles, setProfiles] = useState<SandboxProfile[]>([]);
  const [name, setName] = useState('');
  useEffect(() => {
    let isGone = false;
    void app.sessions.sandboxes().then((list) => {
      if (isGone) return;
      setProfiles(list);
      setName(list.find((profile) => profile.default)?.name ?? list[0]?.name ?? '');
    });
    return () => {
      isGone = true;
    };
  }, [app]);
  const chosen = profiles.find((profile) => profile.name === name);
  if (!chosen) return null;
  return (
    <>
      <label for="new-sandbox">Sandbox</label>
      <select
        id="new-sandbox"
        name="sandbox"
        value={name}
        aria-describedby="new-sandbox-note"
        onChange={(event) => setName(event.currentTarget.value)}
      >
        {profiles.map((profile) => (
          <option key={profile.name} value={profile.name} disabled={!profile.available}>
            {profile.name}
            {profile.default ? ' (default)' : ''}
            {profile.available ? '' : ' (not on this machine)'}
          </option>
        ))}
      </select>
      <p id="new-sandbox-note" class={chosen.available ? 'field-note' : 'field-note bad'} aria-live="polite">
        {sandboxNote(chosen)}
      </p>
    </>
  );
}
