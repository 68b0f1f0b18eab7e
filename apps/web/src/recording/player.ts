import 'asciinema-player/dist/bundle/asciinema-player.css';
import { create } from 'asciinema-player';
import type { ITheme } from '@xterm/xterm';
import { placeOf, withTheme, type Place } from './cast';

/** Nobody wants to watch a prompt wait for hours. In seconds. */
const longestPause = 2;

/**
 * Plays asciicast v3 inside `host`, in its size; or stands still at a place of it, so that it can be read. Returns what ends it. This module has the player, and is loaded when it is
 * needed.
 */
export function play(host: HTMLElement, text: string, theme: ITheme, place: Place | null): () => void {
  const source = { data: withTheme(text, theme), parser: 'asciicast' as const };
  const player = create(source, host, {
    autoPlay: place === null,
    idleTimeLimit: longestPause,
    fit: 'both',
    controls: true,
    theme: 'auto/asciinema', // the recording's own, which is the page's
    terminalFontFamily: 'var(--mono)',
  });
  // A little later than the event: its time is a sum, and the player's is another one.
  if (place !== null) void player.seek(placeOf(text, place, longestPause) + 0.001);
  host.addEventListener('keydown', leaveEscape, { capture: true });
  player.el.focus(); // its keys: space, arrows, f, ?
  return () => player.dispose();
}

/** The player takes Escape, to hide its list of keys; otherwise it is the dialog's. */
function leaveEscape(event: KeyboardEvent): void {
  const isHelping = (event.currentTarget as HTMLElement).querySelector('.ap-overlay-help') !== null;
  if (event.key === 'Escape' && !isHelping) event.stopPropagation();
}
