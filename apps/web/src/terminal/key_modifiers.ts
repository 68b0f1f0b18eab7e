/** Modifier keys of the touch key bar: they hold for the next key. */
export interface Modifiers {
  ctrl: boolean;
  alt: boolean;
}

const named: Record<string, string> = { Up: 'A', Down: 'B', Right: 'C', Left: 'D', Home: 'H', End: 'F' };

/** What a terminal sends for a cursor key: CSI, SS3 in application mode, with modifiers CSI 1;m. */
export function cursorKey(name: string, isApplicationMode: boolean, modifiers: Modifiers): string {
  const final = named[name] ?? '';
  const code = 1 + (modifiers.alt ? 2 : 0) + (modifiers.ctrl ? 4 : 0);
  if (code > 1) return `\x1b[1;${code}${final}`;
  return (isApplicationMode ? '\x1bO' : '\x1b[') + final;
}

/** Applies latched modifiers to what the on-screen keyboard typed. */
export function applyModifiers(data: string, modifiers: Modifiers): string {
  let result = data;
  if (modifiers.ctrl && data.length === 1) {
    const code = data.toUpperCase().charCodeAt(0);
    if (code >= 0x40 && code <= 0x5f) result = String.fromCharCode(code - 0x40);
    else if (data === ' ') result = '\x00';
    else if (data === '?') result = '\x7f';
  }
  return modifiers.alt ? '\x1b' + result : result;
}
