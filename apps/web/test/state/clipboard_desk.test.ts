import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ClipboardDesk } from '../../src/state/clipboard_desk';
import { initialState } from '../../src/state/model';
import { Notices } from '../../src/state/notices';
import { defaultSettings } from '../../src/state/settings';
import { Store } from '../../src/state/store';

function setUp() {
  const store = new Store(initialState(defaultSettings));
  const pasted: string[] = [];
  const kept = new Map<string, string>();
  const desk = new ClipboardDesk(
    store,
    new Notices(store),
    () => ({ paste: (text) => pasted.push(text) }),
    { getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => void kept.set(key, value) },
  );
  return { store, pasted, desk };
}

const written: string[] = [];
beforeEach(() => {
  vi.useFakeTimers();
  written.length = 0;
  vi.stubGlobal('navigator', {
    clipboard: { writeText: (text: string) => Promise.resolve(void written.push(text)) },
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe('a program that writes the clipboard', () => {
  it('waits for the user’s answer', () => {
    const { store, desk } = setUp();
    desk.onProgramWrites('a', 'secret');
    expect(written).toEqual([]);
    expect(store.get().clipboardRequest).toEqual({ session: 'a', text: 'secret' });
    desk.answer('not_now');
    expect(written).toEqual([]);
    desk.onProgramWrites('a', 'secret');
    desk.answer('once');
    expect(written).toEqual(['secret']);
  });

  it('is asked again after “once”, never after “always” or “never”, per session', () => {
    const { store, desk } = setUp();
    desk.onProgramWrites('a', '1');
    desk.answer('once');
    desk.onProgramWrites('a', '2');
    desk.answer('always');
    desk.onProgramWrites('a', '3');
    expect(store.get().clipboardRequest).toBeNull();
    desk.onProgramWrites('b', '4');
    desk.answer('never');
    desk.onProgramWrites('b', '5');
    expect(store.get().clipboardRequest).toBeNull();
    expect(written).toEqual(['1', '2', '3']);
  });
});

describe('a paste', () => {
  it('of one line is typed at once, of several only when confirmed', () => {
    const { store, pasted, desk } = setUp();
    desk.paste('a', 'ls');
    desk.paste('a', 'ls\nrm x\n');
    expect(pasted).toEqual(['ls']);
    expect(store.get().dialog).toMatchObject({ kind: 'paste', lines: 3 });
    desk.confirmPaste('a', 'ls\nrm x\n');
    expect(pasted).toEqual(['ls', 'ls\nrm x\n']);
    expect(store.get().dialog).toBeNull();
  });

  it('of several lines is typed at once when the user does not want to be asked', () => {
    const { store, pasted, desk } = setUp();
    store.set({ settings: { ...defaultSettings, warnOnPaste: false } });
    desk.paste('a', 'a\nb');
    expect(pasted).toEqual(['a\nb']);
  });
});
