import type { ITheme } from '@xterm/xterm';

/** A recording as asciicast v3: a header's line and a line for each event. */
export interface Cast {
  text: string;
  /** There is more of it on the server. */
  isCut: boolean;
}

const paletteNames = [
  ...(['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white'] as const),
  ...(['brightBlack', 'brightRed', 'brightGreen', 'brightYellow'] as const),
  ...(['brightBlue', 'brightMagenta', 'brightCyan', 'brightWhite'] as const),
];

/** Whether something happens in it; the player cannot play a header alone. */
export function hasEvents(text: string): boolean {
  return /\n\[/.test(text);
}

/** The same recording in the page's colours: recordings say which colour, never how it looks. */
export function withTheme(text: string, theme: ITheme): string {
  const end = text.indexOf('\n');
  const header = headerOf(text);
  if (end < 0 || header === null) return text;
  const palette = paletteNames.map((name) => theme[name]).join(':');
  const colours = { fg: theme.foreground, bg: theme.background, palette };
  return JSON.stringify({ ...header, term: { ...header.term, theme: colours } }) + text.slice(end);
}

/**
 * Where in a recording something is that was written at `atMs`: the player's time, in seconds, of the
 * last event that is not later. The player cuts pauses to `longestPause` seconds.
 */
export function placeOf(text: string, atMs: number, longestPause: number): number {
  const beganAt = headerOf(text)?.timestamp;
  if (typeof beganAt !== 'number' || !Number.isFinite(atMs)) return 0;
  // The header has whole seconds, so this is up to a second later than it was.
  const wanted = atMs / 1000 - beganAt;
  let now = 0;
  let place = 0;
  for (let at = text.indexOf('\n['); at >= 0; at = text.indexOf('\n[', at + 1)) {
    const pause = Number.parseFloat(text.slice(at + 2, at + 34)) || 0;
    now += pause;
    if (now > wanted) break;
    place += Math.min(pause, longestPause);
  }
  return place;
}

interface Header {
  timestamp?: unknown;
  term?: Record<string, unknown>;
}

function headerOf(text: string): Header | null {
  try {
    const value: unknown = JSON.parse(text.split('\n', 1)[0] ?? '');
    return typeof value === 'object' && value !== null ? value : null;
  } catch {
    return null; // The player says what is wrong with it.
  }
}

/**
 * Reads at most `limit` characters, and only whole lines. Throws what reading throws.
 * `onProgress` hears how many there are so far.
 */
export async function readCast(
  body: ReadableStream<Uint8Array>,
  limit: number,
  onProgress: (length: number) => void,
): Promise<Cast> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  const pieces: string[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    const piece = done ? decoder.decode() : decoder.decode(value, { stream: true });
    pieces.push(piece);
    length += piece.length;
    if (done) return { text: pieces.join(''), isCut: false };
    if (length > limit) break;
    onProgress(length);
  }
  await reader.cancel();
  const whole = pieces.join('').slice(0, limit);
  return { text: whole.slice(0, whole.lastIndexOf('\n') + 1), isCut: true };
}
