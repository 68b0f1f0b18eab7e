import { Terminal } from '@xterm/headless';
import { describe, expect, it } from 'vitest';
import { Utf8Carry } from '../../src/terminal/utf8_carry';

const bytes = (text: string) => new TextEncoder().encode(text);

describe('Utf8Carry', () => {
  it('gives everything back, whatever the cuts', () => {
    const text = bytes('aé…漢🐦z“q”');
    for (let first = 0; first <= text.length; first += 1) {
      for (let second = first; second <= text.length; second += 1) {
        const carry = new Utf8Carry();
        const pieces = [text.subarray(0, first), text.subarray(first, second), text.subarray(second)];
        const out = pieces.flatMap((piece) => [...carry.take(piece)]);
        expect(new TextDecoder().decode(Uint8Array.from(out))).toBe('aé…漢🐦z“q”');
      }
    }
  });

  it('never ends a write inside a character', () => {
    const carry = new Utf8Carry();
    expect([...carry.take(Uint8Array.of(0x61, 0xe2, 0x80))]).toEqual([0x61]);
    expect([...carry.take(Uint8Array.of(0xa6))]).toEqual([0xe2, 0x80, 0xa6]);
  });

  it('does not hold back what can never become a character', () => {
    const carry = new Utf8Carry();
    expect(carry.take(Uint8Array.of(0x80, 0x80, 0x80, 0x80)).length).toBe(4);
    expect(carry.take(Uint8Array.of(0xff)).length).toBe(1);
    expect(carry.take(Uint8Array.of(0xe2)).length).toBe(0);
    carry.clear();
    expect([...carry.take(bytes('x'))]).toEqual([0x78]);
  });

  it('keeps the characters that xterm.js would lose', async () => {
    const terminal = new Terminal({ cols: 20, rows: 2, allowProposedApi: true });
    const carry = new Utf8Carry();
    const write = (piece: Uint8Array) =>
      new Promise<void>((done) => terminal.write(carry.take(piece), done));
    for (const byte of bytes('a…b“c”–d')) await write(Uint8Array.of(byte));
    expect(terminal.buffer.active.getLine(0)?.translateToString(true)).toBe('a…b“c”–d');
  });
});
