import { useEffect, useRef, useState } from 'preact/hooks';
import { recordingFormats } from '../api/archive_types';
import { recordingPath } from '../api/client';
import { hasEvents } from '../recording/cast';
import type * as Player from '../recording/player';
import type { RecordingDialog as Recording } from '../state/model';
import { themes } from '../terminal/themes';
import { useApp } from './app_context';
import { Modal } from './dialog';
import { bytesText } from './format';

const formatNames = { 'asciicast-v3': 'asciicast v3', 'asciicast-v2': 'asciicast v2', text: 'Text' };

/** Plays what was recorded of a session; as a file it can be had in each format. */
export function RecordingDialog({ session, title, place, isFromArchive }: Recording) {
  const app = useApp();
  const host = useRef<HTMLDivElement>(null);
  const [note, setNote] = useState('Loading…');
  const [error, setError] = useState('');
  useEffect(() => {
    const aborted = new AbortController();
    let stop: () => void = () => undefined;
    const show = async () => {
      const loaded = await app.archive.recording(session, aborted.signal, (length) =>
        setNote(`Loading… ${bytesText(length)}`),
      );
      if (aborted.signal.aborted) return;
      setNote('');
      if (typeof loaded === 'string') return setError(loaded);
      if (!hasEvents(loaded.text)) return setError('There is nothing in this recording yet.');
      let player: typeof Player;
      try {
        player = await import('../recording/player');
      } catch {
        return setError('The player cannot be loaded. It is part of the server: is it there, and still the same version?');
      }
      if (aborted.signal.aborted || !host.current) return;
      stop = player.play(host.current, loaded.text, themes[app.theme], place);
      if (loaded.isCut) setNote('This is the beginning only: a page cannot hold all of it. The files have the rest.');
    };
    void show();
    return () => {
      aborted.abort();
      stop();
    };
  }, [app, session, place]);
  const onBack = isFromArchive ? () => app.showDialog({ kind: 'archive' }) : undefined;
  return (
    <Modal title={`Recording: ${title}`} isWide onBack={onBack}>
      <div class={place === null ? 'player' : 'player at-place'} ref={host} hidden={error !== ''} />
      {error !== '' && (
        <p class="player form-error" role="alert">
          {error}
        </p>
      )}
      <footer class="downloads">
        <span class="hint grow" role="status">
          {note}
        </span>
        <span class="hint">Download</span>
        {recordingFormats.map((format) => (
          <a key={format} class="button small" href={recordingPath(session, format)} download>
            {formatNames[format]}
          </a>
        ))}
      </footer>
    </Modal>
  );
}
