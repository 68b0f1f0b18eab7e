/** What the user chose for this browser. */
export interface Settings {
  theme: 'system' | 'dark' | 'light';
  fontSize: number;
  copyOnSelect: boolean;
  /** Ask before a paste of several lines is typed. */
  warnOnPaste: boolean;
  screenReader: boolean;
  /** Shift+Enter sends ESC Enter, which many programs take as "new line, do not submit". */
  shiftEnter: boolean;
  sidebar: boolean;
}

export const fontSizeMin = 8;
export const fontSizeMax = 32;

export const defaultSettings: Settings = {
  theme: 'system',
  fontSize: 14,
  copyOnSelect: false,
  warnOnPaste: true,
  screenReader: false,
  shiftEnter: false,
  sidebar: true,
};

/** Where settings and open tabs are kept; absent or full storage is survived. */
export interface KeyValueStorage {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
}

const settingsKey = 'roost.settings';

export function loadSettings(storage: KeyValueStorage): Settings {
  const stored = readJson(storage, settingsKey);
  const settings: Settings = { ...defaultSettings };
  if (typeof stored !== 'object' || stored === null) return settings;
  for (const [key, value] of Object.entries(stored)) {
    if (!Object.hasOwn(defaultSettings, key)) continue;
    if (typeof value !== typeof defaultSettings[key as keyof Settings]) continue;
    Object.assign(settings, { [key]: value });
  }
  if (!['system', 'dark', 'light'].includes(settings.theme)) settings.theme = 'system';
  settings.fontSize = Math.max(fontSizeMin, Math.min(fontSizeMax, settings.fontSize));
  return settings;
}

export function saveSettings(storage: KeyValueStorage, settings: Settings): void {
  writeJson(storage, settingsKey, settings);
}

export function readJson(storage: KeyValueStorage, key: string): unknown {
  try {
    return JSON.parse(storage.getItem(key) ?? 'null');
  } catch {
    return null; // Storage switched off, or written by something else: the defaults hold.
  }
}

export function writeJson(storage: KeyValueStorage, key: string, value: unknown): void {
  try {
    storage.setItem(key, JSON.stringify(value));
  } catch {
    return; // Storage switched off or full: the choice lasts for this page only.
  }
}
