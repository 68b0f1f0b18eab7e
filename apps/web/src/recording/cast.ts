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

/** Something that a session has written. */
export interface Place {
  /** When the piece of output began that has it; RFC 3339. */
  at: string;
  /** As it was shown; empty: the beginning of the piece. */
  word: string;
}

/** Characters in which the word is looked for; a piece of output is far smaller. */
const longestLook = 256 * 1024;

/**
 * Where in a recording something is: the player's time, in seconds, by which the word is written. If
 * it is not found as such (it was coloured letter by letter, say): the last event before the piece.
 * The player cuts pauses to `longestPause` seconds.
 */
export function placeOf(text: string, { at, word }: Place, longestPause: number): number {
  const beganAt = headerOf(text)?.timestamp;
  const atMs = Date.parse(at);
  if (typeof beganAt !== 'number' || Number.isNaN(atMs)) return 0;
  // The header has whole seconds, so this is up to a second later than it was.
  const wanted = atMs / 1000 - beganAt;
  let now = 0;
  let place = 0;
  let found = 0;
  let seen = '';
  let looked = 0;
  for (let begin = text.indexOf('\n['); begin >= 0; begin = text.indexOf('\n[', begin + 1)) {
    const pause = Number.parseFloat(text.slice(begin + 2, begin + 34)) || 0;
    now += pause;
    place += Math.min(pause, longestPause);
    if (now <= wanted) found = place;
    else if (word === '' || looked > longestLook) break;
    if (word === '' || now <= wanted - 1) continue;
    const output = outputOf(text, begin + 1);
    seen += output;
    if (seen.includes(word)) return place;
    seen = seen.slice(-word.length);
    looked += output.length;
  }
  return found;
}

/** What the event in the line at `begin` has written. */
function outputOf(text: string, begin: number): string {
  const end = text.indexOf('\n', begin);
  try {
    const [, code, data] = JSON.parse(text.slice(begin, end < 0 ? undefined : end)) as unknown[];
    return code === 'o' && typeof data === 'string' ? data : '';
  } catch {
    return ''; // The player says what is wrong with it.
  }
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
