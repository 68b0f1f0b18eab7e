/** A program may put at most this much text on the clipboard (OSC 52). */
export const clipboardMaxBytes = 1024 * 1024;

/**
 * The text of an OSC 52 sequence ("c;BASE64"), or null: for a request to read the clipboard, which is
 * never answered, for what cannot be decoded, and for too much.
 */
export function osc52Text(data: string): string | null {
  const separator = data.indexOf(';');
  if (separator < 0) return null;
  const payload = data.slice(separator + 1);
  if (payload === '?' || payload === '' || payload.length > (clipboardMaxBytes * 4) / 3 + 4) {
    return null;
  }
  try {
    const binary = atob(payload);
    return new TextDecoder().decode(Uint8Array.from(binary, (char) => char.charCodeAt(0)));
  } catch {
    return null; // Not base64: ignored, as terminals do.
  }
}

/** What to do with a paste before it is typed into the program. */
export interface PastePlan {
  /** Without control characters that could end a bracketed paste or act as keys. */
  text: string;
  lines: number;
}

export function planPaste(raw: string): PastePlan {
  const text = raw
    .replace(/\r\n?/g, '\n')
    .replace(/[\x00-\x08\x0b-\x1f\x7f\x80-\x9f]/g, '');
  return { text, lines: text.split('\n').length };
}

/** Copies text; false when the browser does not let this page. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyThroughSelection(text); // Plain http on another machine has no clipboard API.
  }
}

function copyThroughSelection(text: string): boolean {
  const area = document.createElement('textarea');
  area.value = text;
  area.style.position = 'fixed';
  area.style.opacity = '0';
  const focused = document.activeElement;
  document.body.append(area);
  area.select();
  const done = document.execCommand('copy');
  area.remove();
  if (focused instanceof HTMLElement) focused.focus();
  return done;
}
