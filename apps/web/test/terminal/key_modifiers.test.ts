import { describe, expect, it } from 'vitest';
import { applyModifiers, cursorKey } from '../../src/terminal/key_modifiers';

const none = { ctrl: false, alt: false };
const ctrl = { ctrl: true, alt: false };
const alt = { ctrl: false, alt: true };

describe('keys of the touch bar', () => {
  it('send cursor keys in both modes and with modifiers', () => {
    expect(cursorKey('Up', false, none)).toBe('\x1b[A');
    expect(cursorKey('Up', true, none)).toBe('\x1bOA');
    expect(cursorKey('Left', true, ctrl)).toBe('\x1b[1;5D');
    expect(cursorKey('Right', false, { ctrl: true, alt: true })).toBe('\x1b[1;7C');
  });

  it('apply latched modifiers to the next key', () => {
    expect(applyModifiers('c', ctrl)).toBe('\x03');
    expect(applyModifiers('C', ctrl)).toBe('\x03');
    expect(applyModifiers('[', ctrl)).toBe('\x1b');
    expect(applyModifiers(' ', ctrl)).toBe('\x00');
    expect(applyModifiers('b', alt)).toBe('\x1bb');
    expect(applyModifiers('hello', ctrl)).toBe('hello');
    expect(applyModifiers('é', ctrl)).toBe('é');
  });
});
