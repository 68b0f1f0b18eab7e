import { describe, expect, it } from 'vitest';
import { ConsentBook } from '../../src/state/consent';
import { defaultSettings, loadSettings, saveSettings, type KeyValueStorage } from '../../src/state/settings';

function memory(initial: Record<string, string> = {}): KeyValueStorage {
  const values = new Map(Object.entries(initial));
  return {
    getItem: (key) => values.get(key) ?? null,
    setItem: (key, value) => void values.set(key, value),
  };
}

const switchedOff: KeyValueStorage = {
  getItem: () => {
    throw new Error('denied');
  },
  setItem: () => {
    throw new Error('denied');
  },
};

describe('settings', () => {
  it('come back as they were saved', () => {
    const storage = memory();
    const settings = { ...defaultSettings, theme: 'light' as const, fontSize: 18 };
    saveSettings(storage, settings);
    expect(loadSettings(storage)).toEqual(settings);
  });

  it('survive nonsense and switched-off storage', () => {
    const nonsense = { theme: 'pink', fontSize: 900, copyOnSelect: 'yes', evil: 1 };
    const loaded = loadSettings(memory({ 'roost.settings': JSON.stringify(nonsense) }));
    expect(loaded).toEqual({ ...defaultSettings, fontSize: 32 });
    expect(loadSettings(memory({ 'roost.settings': '{' }))).toEqual(defaultSettings);
    expect(loadSettings(switchedOff)).toEqual(defaultSettings);
    expect(() => saveSettings(switchedOff, defaultSettings)).not.toThrow();
  });
});

describe('ConsentBook', () => {
  it('remembers an answer per session and not for others', () => {
    const book = new ConsentBook(memory());
    expect(book.get('a')).toBeNull();
    book.set('a', 'always');
    book.set('b', 'never');
    expect([book.get('a'), book.get('b'), book.get('c')]).toEqual(['always', 'never', null]);
    book.set('a', 'never');
    expect(book.get('a')).toBe('never');
  });

  it('is bounded', () => {
    const book = new ConsentBook(memory());
    for (let i = 0; i < 300; i++) book.set(`s${i}`, 'always');
    expect(book.get('s0')).toBeNull();
    expect(book.get('s299')).toBe('always');
  });
});
